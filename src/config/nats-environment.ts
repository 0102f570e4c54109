import { DAY_MS } from '../domain/instant.ts';
import type { NatsConfig } from './config.ts';
import type { ConfigProblem } from './config-refused.ts';
import { isFrom, isUrlOf, matches, text } from './variable.ts';

const isNatsUrl = (value: string): boolean => {
  const url = URL.parse(value);
  return (
    isUrlOf('nats:', 'tls:')(value) && url !== null && url.pathname.length <= 1 && url.search === '' && url.hash === ''
  );
};

const split = (value: string): readonly string[] => value.split(',').map((url) => url.trim());

const credentialsOf = (url: string): string => {
  const { username, password } = new URL(url);
  return `${username}:${password}`;
};

const isEscapedRightly = (url: string): boolean => {
  try {
    decodeURIComponent(credentialsOf(url));
    return true;
  } catch {
    return false;
  }
};

/** Every server of a cluster knows the same users, and the client has one set of credentials for all. */
const areNatsUrls = (value: string): boolean => {
  const urls = split(value);
  return urls.every(isNatsUrl) && urls.every(isEscapedRightly) && new Set(urls.map(credentialsOf)).size === 1;
};

const file = text((value) => !value.includes('\0'), 'must be a file.');

export const NATS_ENVIRONMENT = {
  NATS_URL: text(
    areNatsUrls,
    'must be one or more addresses of a NATS cluster, separated by commas, each with the same credentials if any, such as ' +
      'nats://user:password@127.0.0.1:4222 or tls://token@nats.example:4222. (Its value is not shown.)',
  ),
  NATS_PREFIX: text(
    matches(/^[A-Za-z0-9_-]{1,32}$/),
    'must be up to 32 letters, digits, hyphens and underscores, such as staging.',
  ),
  NATS_CREDS: file,
  NATS_NKEY: file,
  NATS_TLS_CA: file,
  NATS_TLS_CERT: file,
  NATS_TLS_KEY: file,
  NATS_REPLICAS: text(isFrom(1, 5), 'must be a whole number from 1 to 5: copies of each stream in the cluster.'),
  NATS_EVENTS_DAYS: text(isFrom(1, 3_650), 'must be a whole number of days from 1 to 3650, such as 7.'),
  NATS_EVENTS_MB: text(isFrom(1, 1_000_000), 'must be a whole number of megabytes from 1 to 1000000, such as 1024.'),
};

type NatsVariables = { readonly [Name in keyof typeof NATS_ENVIRONMENT]?: string };

const MEGABYTE = 1024 * 1024;

/** Null: NATS_URL is not set. */
export const natsConfigOf = (env: NatsVariables): NatsConfig | null =>
  env.NATS_URL === undefined
    ? null
    : {
        urls: split(env.NATS_URL),
        prefix: env.NATS_PREFIX ?? null,
        credsFile: env.NATS_CREDS ?? null,
        nkeyFile: env.NATS_NKEY ?? null,
        tlsCaFile: env.NATS_TLS_CA ?? null,
        tlsCertFile: env.NATS_TLS_CERT ?? null,
        tlsKeyFile: env.NATS_TLS_KEY ?? null,
        replicas: Number(env.NATS_REPLICAS ?? 1),
        eventsMaxAgeMs: Number(env.NATS_EVENTS_DAYS ?? 7) * DAY_MS,
        eventsMaxBytes: Number(env.NATS_EVENTS_MB ?? 1_024) * MEGABYTE,
      };

/** What is wrong between variables, each of which is right by itself. */
export const natsProblems = (env: Record<string, string>): readonly ConfigProblem[] => [
  ...withoutUrl(env),
  ...halfCertificate(env),
];

const withoutUrl = (env: Record<string, string>): readonly ConfigProblem[] =>
  env['NATS_URL'] !== undefined
    ? []
    : Object.keys(NATS_ENVIRONMENT)
        .filter((variable) => env[variable] !== undefined)
        .map((variable) => ({ variable, message: 'says how to use NATS, but NATS_URL does not say where it is.' }));

const halfCertificate = ({ NATS_TLS_CERT, NATS_TLS_KEY }: Record<string, string>): readonly ConfigProblem[] => {
  if ((NATS_TLS_CERT === undefined) === (NATS_TLS_KEY === undefined)) return [];
  const [variable, other] =
    NATS_TLS_CERT === undefined ? ['NATS_TLS_CERT', 'NATS_TLS_KEY'] : ['NATS_TLS_KEY', 'NATS_TLS_CERT'];
  return [{ variable, message: `must be set together with ${other}.` }];
};
