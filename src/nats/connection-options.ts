import { readFileSync } from 'node:fs';
import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  type TlsOptions,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { Effect } from 'effect';
import { messageOf } from '../domain/errors.ts';
import type { NatsOptions } from './nats-options.ts';
import { NatsRefused } from './nats-refused.ts';

/** A server that has not answered by then is tried again later. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Two pings without an answer and the connection is given up: a cut that nobody announced is noticed within 9 s. */
const PING_EVERY_MS = 3_000;
const RECONNECT_AFTER_MS = 300;

/** What the client is given: reconnects for ever, and never learns a secret from anywhere but the options. */
export const connectionOptions = (options: NatsOptions): Effect.Effect<ConnectionOptions, NatsRefused> =>
  Effect.gen(function* () {
    const addresses = options.urls.map((url) => new URL(url));
    const authenticators = yield* authenticatorsOf(options, addresses);
    const tls = yield* tlsOf(options, addresses);
    return {
      name: 'omni-history-sync',
      servers: addresses.map(({ host }) => host),
      ...(authenticators.length === 0 ? {} : { authenticator: [...authenticators] }),
      ...(tls === null ? {} : { tls }),
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_EVERY_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_AFTER_MS,
      // A password that is being rotated may be wrong for a while; a node must outlive that.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
    };
  });

const authenticatorsOf = (
  { credsFile, nkeyFile }: NatsOptions,
  addresses: readonly URL[],
): Effect.Effect<readonly Authenticator[], NatsRefused> =>
  Effect.gen(function* () {
    const creds = yield* contents('NATS_CREDS', credsFile);
    const seed = yield* contents('NATS_NKEY', nkeyFile);
    const inUrl = addresses.find(({ username }) => username !== '');
    return [
      ...(creds === null ? [] : [yield* keyed('NATS_CREDS', () => credsAuthenticator(creds))]),
      ...(seed === null ? [] : [yield* keyed('NATS_NKEY', () => nkeyAuthenticator(trimmed(seed)))]),
      ...(inUrl === undefined ? [] : [authenticatorOf(inUrl)]),
    ];
  });

const authenticatorOf = ({ username, password }: URL): Authenticator =>
  password === ''
    ? tokenAuthenticator(decodeURIComponent(username))
    : usernamePasswordAuthenticator(decodeURIComponent(username), decodeURIComponent(password));

/** Fails at once on a key that cannot sign, instead of at every connection. */
const keyed = (variable: string, make: () => Authenticator): Effect.Effect<Authenticator, NatsRefused> =>
  Effect.try({
    try: () => {
      const authenticator = make();
      authenticator('nonce');
      return authenticator;
    },
    catch: () => new NatsRefused({ message: `${variable} names a file that does not hold a usable key.` }),
  });

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const trimmed = (bytes: Uint8Array): Uint8Array => new TextEncoder().encode(textOf(bytes).trim());

const tlsOf = (options: NatsOptions, addresses: readonly URL[]): Effect.Effect<TlsOptions | null, NatsRefused> =>
  Effect.gen(function* () {
    const ca = yield* contents('NATS_TLS_CA', options.tlsCaFile);
    const cert = yield* contents('NATS_TLS_CERT', options.tlsCertFile);
    const key = yield* contents('NATS_TLS_KEY', options.tlsKeyFile);
    const isWanted = addresses.some(({ protocol }) => protocol === 'tls:') || ca !== null || cert !== null;
    if (!isWanted) return null;
    return {
      ...(ca === null ? {} : { ca: textOf(ca) }),
      ...(cert === null ? {} : { cert: textOf(cert) }),
      ...(key === null ? {} : { key: textOf(key) }),
    };
  });

const contents = (variable: string, file: string | null): Effect.Effect<Uint8Array | null, NatsRefused> =>
  file === null
    ? Effect.succeed(null)
    : Effect.try({
        try: () => readFileSync(file),
        catch: (error) =>
          new NatsRefused({
            message: `${variable} names ${file}, which cannot be read: ${messageOf(error)}`,
          }),
      });
