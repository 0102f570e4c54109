/**
 * Who may import whom (docs/ARCHITECTURE.md shows it as a picture). Dependencies point inward:
 *
 *   domain  <-  machines  <-  runtime  <-  sync  <-  adapters  <-  app.ts, main.ts
 *
 * `channel.ts`, `platform-failure.ts` and `session-vault.ts` are the seam: what runtime and sync may know of a channel.
 */

const ours = '^(src|machines|test|docs)/|^[^/]+[.]config[.]ts$';
const seam = '^src/channels/(channel|platform-failure|session-vault)[.]ts$';
// Any folder of src but the inner ones: a new one is an adapter until someone decides otherwise.
const adapter = '^src/((?!domain/|runtime/|sync/|channels/)[^/]+|channels/[^/]+)/';
const roots = '^src/(app|main)[.]ts$';

/** What lives at `from` imports, of ours, nothing but what is named in `may`. */
const importsOnly = (name, from, may, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: ours, pathNot: may },
});

/** A vendor package is imported in its home and nowhere else, so that it can be exchanged there. Tests may. */
const livesIn = (name, packages, homes) => ({
  name: `${name}-has-one-home`,
  comment: `${name} is imported in one place only (${homes.join(', ')})`,
  severity: 'error',
  from: { path: ours, pathNot: [...homes.map((home) => `^${home}`), '^test/'] },
  to: { path: packages.map((vendor) => `(^|node_modules/)${vendor}(/|$)`) },
});

module.exports = {
  forbidden: [
    importsOnly('domain-imports-nothing-of-ours', '^src/domain/', ['^src/domain/'], 'the domain knows only itself'),
    importsOnly(
      'machines-know-only-the-domain',
      '^machines/',
      ['^machines/', '^src/domain/'],
      'machines are pure: they import machines and the domain',
    ),
    importsOnly(
      'the-seam-knows-only-the-domain',
      seam,
      [seam, '^src/domain/'],
      'the seam is a contract in words of the domain',
    ),
    importsOnly(
      'runtime-looks-inward',
      '^src/runtime/',
      ['^src/runtime/', '^machines/', '^src/domain/', seam],
      'the runtime imports machines, the domain and the seam; sync is given to it',
    ),
    importsOnly(
      'sync-looks-inward',
      '^src/sync/',
      ['^src/sync/', '^src/runtime/', '^machines/', '^src/domain/', seam],
      'sync imports the runtime, machines, the domain and the seam',
    ),
    {
      name: 'adapters-never-meet',
      comment: 'adapters meet only in src/app.ts and src/main.ts',
      severity: 'error',
      from: { path: adapter },
      to: { path: adapter, pathNot: '^src/$1/' },
    },
    {
      name: 'adapters-run-no-machine',
      comment: 'adapters may know the types of the machines; running them is the runtime’s work',
      severity: 'error',
      from: { path: adapter },
      to: { path: '^machines/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'adapters-have-doors',
      comment: 'the composition root sees what lies at the root of an adapter, never what lies in its rooms',
      severity: 'error',
      from: { path: roots },
      to: { path: `${adapter}[^/]+/` },
    },
    {
      name: 'only-main-imports-the-app',
      comment: 'src/app.ts is the composition root, and main.ts starts it',
      severity: 'error',
      from: { path: '^(src|machines)/', pathNot: '^src/main[.]ts$' },
      to: { path: roots },
    },
    {
      name: 'production-imports-no-test',
      comment: 'nothing that runs in production imports tests or documents',
      severity: 'error',
      from: { path: ours, pathNot: '^(test|docs)/|^vitest[.]config[.]ts$' },
      to: { path: '^(test|docs)/' },
    },
    {
      name: 'machines-do-no-io',
      comment: 'machines and domain are pure: no module of Node',
      severity: 'error',
      from: { path: '^(machines|src/domain)/' },
      to: { dependencyTypes: ['core'] },
    },
    livesIn('discord.js', ['discord[.]js', '@discordjs', 'discord-api-types'], ['src/channels/discord/']),
    livesIn('baileys', ['@whiskeysockets/baileys', 'baileys'], ['src/channels/whatsapp/']),
    livesIn('MikroORM', ['@mikro-orm', '@electric-sql', 'pg', 'kysely'], ['src/db/', 'mikro-orm[.]config[.]ts$']),
    livesIn('the NATS client', ['@nats-io', 'nats'], ['src/nats/']),
    livesIn('fastify', ['fastify', '@fastify'], ['src/http/']),
    livesIn('node-cron', ['node-cron'], ['src/cron/']),
    livesIn('pino', ['pino', 'pino-pretty'], ['src/telemetry/']),
    livesIn('prom-client', ['prom-client'], ['src/telemetry/']),
    livesIn('libphonenumber', ['libphonenumber-js'], ['src/domain/phone[.]ts$']),
    livesIn('xstate', ['xstate', '@xstate'], ['machines/', 'src/runtime/', 'docs/machines/']),
    {
      name: 'no-cycles',
      comment: 'a cycle, of types too, has no inside and no outside',
      severity: 'error',
      from: { path: ours },
      to: { circular: true },
    },
    {
      name: 'imports-resolve',
      comment: 'the imported file or package does not exist',
      severity: 'error',
      from: { path: ours },
      to: { couldNotResolve: true },
    },
    {
      name: 'production-uses-its-own-dependencies',
      comment: 'what runs in production is named in the dependencies of package.json',
      severity: 'error',
      from: { path: '^(src|machines)/|^mikro-orm[.]config[.]ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Types count: an import that the compiler erases still says who knows whom.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
