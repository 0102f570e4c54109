import { Result } from 'effect';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import type { ConfigRefused } from '../../src/config/config-refused.ts';
import { loadConfig } from '../../src/config/load-config.ts';

const accepted = (env: Record<string, string | undefined>): Config => Result.getOrThrow(loadConfig(env));

const refused = (env: Record<string, string | undefined>): ConfigRefused => {
  const result = loadConfig(env);
  if (Result.isSuccess(result)) throw new Error('was accepted');
  return result.failure;
};

const variables = (env: Record<string, string | undefined>): string[] =>
  refused(env).problems.map(({ variable }) => variable);

const key = (letter: string): string => `${letter}-0123456789-0123456789-0123456789`;

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(accepted({})).toEqual({
      host: '127.0.0.1',
      port: 8881,
      apiKey: null,
      dataDir: './data',
      databaseUrl: null,
      databasePoolSize: 10,
      nats: null,
      secretKey: null,
      previousSecretKeys: [],
      whatsappSocketUrl: null,
      whatsappMediaUrl: null,
      discordApiUrl: null,
      logLevel: 'info',
    });
  });

  it('takes an empty variable for an unset one', () => {
    expect(accepted({ PORT: '', HOST: '', NATS_URL: '', DATABASE_URL: ' ' })).toEqual(accepted({}));
  });

  it('ignores variables that are not its own', () => {
    expect(accepted({ PATH: '/usr/bin', HOME: '/' })).toEqual(accepted({}));
  });

  it('takes every value in its right form', () => {
    const config = accepted({
      PORT: '0',
      HOST: '0.0.0.0',
      API_KEY: 'a-key',
      DATA_DIR: '/var/lib/omni',
      DATABASE_URL: 'postgresql://omni:pw@127.0.0.1/omni',
      SECRET_KEY: key('k'),
      SECRET_KEY_PREVIOUS: `${key('a')}, ${key('b')}`,
      DISCORD_API_URL: 'http://127.0.0.1:4000/api/',
      LOG_LEVEL: 'debug',
    });
    expect(config).toMatchObject({ port: 0, host: '0.0.0.0', apiKey: 'a-key', logLevel: 'debug' });
    expect(config.previousSecretKeys).toEqual([key('a'), key('b')]);
    expect(config.discordApiUrl).toBe('http://127.0.0.1:4000/api');
  });

  it('reports every problem at once, each by the name of its variable', () => {
    const wrong = {
      PORT: '70000',
      HOST: 'not a host',
      DATABASE_URL: 'mysql://x',
      LOG_LEVEL: 'loud',
      DISCORD_API_URL: 'ftp://x',
    };
    expect(variables(wrong)).toEqual(expect.arrayContaining(Object.keys(wrong)));
  });

  it.each(['-1', '1.5', 'abc', '65536', '0x10', '1e3'])('refuses the port %s', (PORT) => {
    expect(variables({ PORT })).toEqual(['PORT']);
  });

  it('refuses an address that others can reach while no key guards it', () => {
    expect(refused({ HOST: '0.0.0.0' }).message).toMatch(/HOST is 0\.0\.0\.0.*API_KEY/);
    expect(refused({ HOST: '::' }).message).toMatch(/API_KEY/);
    expect(accepted({ HOST: '::1' }).host).toBe('::1');
    expect(accepted({ HOST: 'localhost' }).host).toBe('localhost');
    expect(accepted({ HOST: '127.8.8.8' }).host).toBe('127.8.8.8');
  });

  it('reports an open address along with other problems', () => {
    expect(variables({ HOST: '0.0.0.0', PORT: 'x' })).toEqual(['PORT', 'HOST']);
  });

  it.each([
    ['WHATSAPP_SOCKET_URL', 'http://127.0.0.1:4100'],
    ['WHATSAPP_SOCKET_URL', 'ws://user:pw@127.0.0.1:4100'],
    ['WHATSAPP_MEDIA_URL', 'ws://127.0.0.1:4101'],
    ['WHATSAPP_MEDIA_URL', 'http://127.0.0.1:4101/?a=b'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(variables({ [name]: value })).toEqual([name]);
  });

  it.each(['0123456789abcdef'.repeat(2), 'secret12'.repeat(4)])(
    'takes the key %s, which is long enough',
    (SECRET_KEY) => {
      expect(accepted({ SECRET_KEY }).secretKey).toBe(SECRET_KEY);
    },
  );

  it.each(['short', 'k'.repeat(31), `${key('k')},${key('k')}`])(
    'refuses the weak or unrotatable key %s',
    (SECRET_KEY) => {
      expect(variables({ SECRET_KEY })).toEqual(['SECRET_KEY']);
    },
  );

  const DATABASE_URL = 'postgresql://omni:pw@127.0.0.1/omni';

  it('takes NATS with every option', () => {
    const { nats } = accepted({
      DATABASE_URL,
      NATS_URL: 'nats://a:b@one:4222, tls://a:b@two:4222',
      NATS_PREFIX: 'staging',
      NATS_CREDS: '/keys/user.creds',
      NATS_NKEY: '/keys/user.nk',
      NATS_TLS_CA: '/keys/ca.pem',
      NATS_TLS_CERT: '/keys/cert.pem',
      NATS_TLS_KEY: '/keys/key.pem',
      NATS_REPLICAS: '3',
      NATS_EVENTS_DAYS: '2',
      NATS_EVENTS_MB: '64',
    });
    expect(nats).toEqual({
      urls: ['nats://a:b@one:4222', 'tls://a:b@two:4222'],
      prefix: 'staging',
      credsFile: '/keys/user.creds',
      nkeyFile: '/keys/user.nk',
      tlsCaFile: '/keys/ca.pem',
      tlsCertFile: '/keys/cert.pem',
      tlsKeyFile: '/keys/key.pem',
      replicas: 3,
      eventsMaxAgeMs: 2 * 86_400_000,
      eventsMaxBytes: 64 * 1024 * 1024,
    });
  });

  it('keeps events a week or a gigabyte on one copy of each stream unless told otherwise', () => {
    expect(accepted({ DATABASE_URL, NATS_URL: 'nats://127.0.0.1' }).nats).toMatchObject({
      prefix: null,
      replicas: 1,
      eventsMaxAgeMs: 7 * 86_400_000,
      eventsMaxBytes: 1024 ** 3,
    });
  });

  it('takes as many sessions with PostgreSQL as it is told', () => {
    expect(accepted({ DATABASE_POOL_SIZE: '40' }).databasePoolSize).toBe(40);
    for (const size of ['1', '501', '2.5', 'many']) {
      expect(variables({ DATABASE_POOL_SIZE: size })).toEqual(['DATABASE_POOL_SIZE']);
    }
  });

  it('takes NATS for one node on the embedded database', () => {
    expect(accepted({ NATS_URL: 'nats://127.0.0.1:4222' })).toMatchObject({
      databaseUrl: null,
      nats: { urls: ['nats://127.0.0.1:4222'] },
    });
  });

  it.each([
    ['NATS_URL', 'http://127.0.0.1:4222'],
    ['NATS_URL', 'nats://one:4222,two:4222'],
    ['NATS_URL', 'nats://a:b@one:4222,nats://c:d@two:4222'],
    ['NATS_URL', 'nats://one:4222/path'],
    ['NATS_URL', 'nats://user:100%@one:4222'],
    ['NATS_PREFIX', 'a.b'],
    ['NATS_PREFIX', 'a *'],
    ['NATS_REPLICAS', '0'],
    ['NATS_REPLICAS', '6'],
    ['NATS_EVENTS_DAYS', '0'],
    ['NATS_EVENTS_MB', '1.5'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(variables({ DATABASE_URL, NATS_URL: 'nats://127.0.0.1', [name]: value })).toEqual([name]);
  });

  it('refuses options of a NATS that is not named, and a certificate without its key', () => {
    expect(variables({ NATS_PREFIX: 'staging' })).toEqual(['NATS_PREFIX']);
    expect(variables({ DATABASE_URL, NATS_URL: 'nats://127.0.0.1', NATS_TLS_CERT: '/c' })).toEqual(['NATS_TLS_KEY']);
  });

  it('never shows a secret', () => {
    const secrets = {
      API_KEY: 'hush hush',
      SECRET_KEY: 'hush',
      SECRET_KEY_PREVIOUS: 'hush,hush',
      DATABASE_URL: 'hush://hush',
      NATS_URL: 'nats://hush:hush@one:4222,nats://hush@two:4222',
    };
    const { message, problems } = refused(secrets);
    expect(message + JSON.stringify(problems)).not.toContain('hush');
    expect(problems.map(({ variable }) => variable).sort()).toEqual(Object.keys(secrets).sort());
  });
});
