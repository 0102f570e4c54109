import { Result, Schema, SchemaIssue } from 'effect';
import { type Config, LOG_LEVELS, type LogLevel } from './config.ts';
import { type ConfigProblem, ConfigRefused } from './config-refused.ts';
import { ENVIRONMENT, Environment } from './environment.ts';
import { isLoopback } from './loopback.ts';
import { natsConfigOf, natsProblems } from './nats-environment.ts';

const DEFAULT_HOST = '127.0.0.1';

/** Checks the environment and fills in defaults. Reports every problem at once. */
export const loadConfig = (env: Record<string, string | undefined>): Result.Result<Config, ConfigRefused> => {
  const known = onlyKnown(env);
  const decoded = decode(known);
  const problems = [
    ...(Result.isFailure(decoded) ? problemsOf(decoded.failure.issue) : []),
    ...exposed(known),
    ...natsProblems(known),
  ];
  return Result.isSuccess(decoded) && problems.length === 0
    ? Result.succeed(configOf(decoded.success))
    : Result.fail(new ConfigRefused({ problems }));
};

const decode = Schema.decodeUnknownResult(Environment, { errors: 'all' });

const onlyKnown = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.keys(ENVIRONMENT).flatMap((name) => {
      const value = env[name]?.trim();
      return value === undefined || value === '' ? [] : [[name, value] as const];
    }),
  );

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1();

const problemsOf = (issue: SchemaIssue.Issue): ConfigProblem[] =>
  formatIssue(issue).issues.map(({ path, message }) => ({ variable: String(path?.[0] ?? ''), message }));

const exposed = ({ HOST, API_KEY }: Record<string, string>): ConfigProblem[] =>
  HOST === undefined || isLoopback(HOST) || API_KEY !== undefined
    ? []
    : [
        {
          variable: 'HOST',
          message: `is ${HOST}, which other machines can reach: set API_KEY too, or use ${DEFAULT_HOST}.`,
        },
      ];

const configOf = (env: Environment): Config => ({
  host: env.HOST ?? DEFAULT_HOST,
  port: Number(env.PORT ?? 8881),
  apiKey: env.API_KEY ?? null,
  dataDir: env.DATA_DIR ?? './data',
  databaseUrl: env.DATABASE_URL ?? null,
  databasePoolSize: Number(env.DATABASE_POOL_SIZE ?? 10),
  nats: natsConfigOf(env),
  secretKey: env.SECRET_KEY ?? null,
  previousSecretKeys: env.SECRET_KEY_PREVIOUS?.split(',').map((key) => key.trim()) ?? [],
  discordApiUrl: env.DISCORD_API_URL?.replace(/\/+$/, '') ?? null,
  whatsappSocketUrl: env.WHATSAPP_SOCKET_URL ?? null,
  whatsappMediaUrl: env.WHATSAPP_MEDIA_URL?.replace(/\/+$/, '') ?? null,
  logLevel: logLevelOf(env.LOG_LEVEL),
});

const logLevelOf = (text: string | undefined): LogLevel => LOG_LEVELS.find((level) => level === text) ?? 'info';
