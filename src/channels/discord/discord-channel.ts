import { Effect } from 'effect';
import { messageOf } from '../../domain/errors.ts';
import { type Log, silentLog } from '../../domain/log.ts';
import type { Channel, Connection, OpenRequest } from '../channel.ts';
import { type PlatformFailure, Unreachable } from '../platform-failure.ts';
import { refuseCredentials } from './credentials.ts';
import { intentsMissing, stayedAway, tokenRefused } from './gateway/connection-loss.ts';
import { hostClient } from './gateway/discord-client.ts';
import { discordSession, type Session } from './gateway/session.ts';
import { GuildAtlas } from './guilds/guild-atlas.ts';
import { discordHistory } from './history/history.ts';
import { discordDirectory } from './listing/directory.ts';
import { discordContacts, discordGroups } from './people/people-survey.ts';
import { discordRequests } from './rest/rest-requests.ts';

export interface DiscordChannelOptions {
  /** Base of the REST interface without a version, such as `http://127.0.0.1:4000/api`; null: Discord's own. */
  readonly apiUrl?: string | null;
  readonly log?: Log;
  readonly now?: () => number;
  /** How long a request may take, ms. */
  readonly requestTimeoutMs?: number;
  /** How long a login may take, ms. */
  readonly loginLimitMs?: number;
  /** How long a session may go without being resumed before a new one is begun, ms. */
  readonly resumeLimitMs?: number;
}

/** No request leaves while there is no connection it could belong to. */
const onlyWhile =
  (session: Session) =>
  <A, Request>(read: (request: Request) => Effect.Effect<A, PlatformFailure>) =>
  (request: Request): Effect.Effect<A, PlatformFailure> =>
    Effect.suspend(() => {
      const phase = session.phase();
      if (phase === 'open' || phase === 'interrupted') return read(request);
      return Effect.fail(
        new Unreachable({
          message: phase === 'over' ? 'The connection is closed.' : 'The connection is not open yet.',
        }),
      );
    });

/** Discord behind the seam, through discord.js. */
export const discordChannel = (options: DiscordChannelOptions): Channel => {
  const { apiUrl = null, log = silentLog, now = Date.now } = options;

  const connect = ({
    credentials,
    report,
    instanceId,
  }: OpenRequest): { readonly connection: Connection; readonly session: Session } => {
    const atlas = new GuildAtlas();
    const onFault = (error: unknown): void =>
      log.warn(
        { instanceId, error: messageOf(error, 'unknown') },
        'discord.js could not handle what the gateway sent.',
      );
    const hosted = hostClient({
      apiUrl,
      now,
      requestTimeoutMs: options.requestTimeoutMs ?? null,
      resumeLimitMs: options.resumeLimitMs ?? null,
      onFault,
      onDeadEnd: () => session.lose(stayedAway()),
    });
    const { token = '' } = credentials;
    const session: Session = discordSession({
      hosted,
      atlas,
      token,
      log,
      now,
      report,
      loginLimitMs: options.loginLimitMs ?? null,
    });
    const onRefused = (): void => session.lose(tokenRefused());
    const requests = discordRequests({ rest: hosted.client.rest, token, now, onRefused });
    const directory = discordDirectory({ requests, atlas, now });
    const history = discordHistory({
      requests,
      atlas,
      log,
      now,
      applicationFlags: session.applicationFlags,
      onContentHidden: () => session.lose(intentsMissing()),
    });
    const people = { requests, atlas, now, applicationFlags: session.applicationFlags };
    const whileOpen = onlyWhile(session);
    const connection = {
      directory: { read: whileOpen(directory.read) },
      history: { pageSize: history.pageSize, read: whileOpen(history.read) },
      contacts: { read: whileOpen(discordContacts(people).read) },
      groups: { read: whileOpen(discordGroups(people).read) },
      pushed: null,
      // A bot's token stays valid: there is no session to end but the connection itself.
      logOut: Effect.void,
    };
    session.start();
    return { connection, session };
  };

  return {
    name: 'discord',
    traits: { readsBelow: 'anything', pairs: false, hasAliases: false, requestsAtOnce: null, datesEdits: true },
    refuseCredentials,
    open: (request) =>
      Effect.acquireRelease(
        Effect.sync(() => connect(request)),
        ({ session }) => Effect.promise(session.close),
      ).pipe(Effect.map(({ connection }) => connection)),
  };
};
