import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { NatsRefused } from './nats-refused.ts';

/** NATS, or JetStream in it, does not answer at the moment. It is tried again for ever. */
export class NatsAway extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error && cause.message !== '' ? cause.message : String(cause), { cause });
    this.name = 'NatsAway';
  }
}

/** "No suitable peers for placement": servers of the cluster are down; those that are left answer 400. */
const NO_SUITABLE_PEERS = 10_005;
const CERTIFICATE = /CERT|SELF_SIGNED|TLS_|UNABLE_TO_VERIFY|ERR_SSL/;

/** Whether trying again can help (`NatsAway`), or only the operator can (`NatsRefused`). */
export const fateOf = (error: unknown): NatsAway | NatsRefused => {
  if (error instanceof NatsRefused || error instanceof NatsAway) return error;
  const message = refusalOf(error);
  return message === null ? new NatsAway(error) : new NatsRefused({ message });
};

/** Null: it may pass. */
const refusalOf = (error: unknown): string | null => {
  if (error instanceof errors.UserAuthenticationExpiredError) return 'The credentials for NATS have expired.';
  if (error instanceof errors.AuthorizationError) return isTimeout(error) ? null : REFUSED_CREDENTIALS;
  if (error instanceof errors.PermissionViolationError) return permissionMissing(error);
  if (nobodyListens(error)) return NO_JETSTREAM;
  if (error instanceof JetStreamApiError) return apiRefusalOf(error);
  return tlsRefusalOf(error);
};

/** Whether a stream or consumer is gone: JetStream says so, or nobody listens to the subject of a publication. */
export const isMissing = (error: unknown): boolean =>
  nobodyListens(error) || (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound);

/** The client's own name for it; it does not export the class. */
const nobodyListens = (error: unknown): boolean => error instanceof Error && error.name === 'JetStreamNotEnabled';

const REFUSED_CREDENTIALS =
  'NATS does not take our credentials: give them in NATS_URL (nats://user:password@host:4222, nats://token@host:4222), ' +
  'NATS_CREDS or NATS_NKEY.';

const NO_JETSTREAM =
  'The NATS at NATS_URL has no JetStream for this account: start nats-server with -js, or enable it for the account.';

/** A server under load gives up waiting for credentials, whatever they are. */
const isTimeout = (error: Error): boolean => /timeout/i.test(error.message);

const permissionMissing = ({ operation, subject }: InstanceType<typeof errors.PermissionViolationError>): string =>
  `The user at NATS may not do what this service needs: ${operation} of ${subject}.`;

const apiRefusalOf = (error: JetStreamApiError): string | null =>
  error.status === 503 || error.code === NO_SUITABLE_PEERS
    ? null
    : `JetStream refuses what this service needs: ${error.message} (${error.code}).`;

const tlsRefusalOf = (error: unknown): string | null => {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (CERTIFICATE.test(code)) {
    return `TLS with NATS is refused: ${error.message} (${code}). NATS_TLS_CA names whom to trust.`;
  }
  return /support 'tls'|'tls' is not available/.test(error.message) ? 'The NATS at NATS_URL offers no TLS.' : null;
};
