import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { Chance } from '../chance.ts';
import { GatewayFaults } from '../faults/gateway-faults.ts';
import type { Bot } from '../world/bot.ts';
import type { World } from '../world/world.ts';
import { Connection, type Switchboard } from './connection.ts';
import { tell } from './dispatches.ts';
import type { GatewayFront, SessionStartLimit } from './gateway-front.ts';
import { type Accepted, identify, parseResume } from './identify.ts';
import { answerMembersRequest } from './members-request.ts';
import { CLOSE, INTENT, OP } from './protocol.ts';
import { Session } from './session.ts';
import { SessionStarts } from './session-starts.ts';
import { guildCreateData, readyData } from './welcome.ts';

export interface GatewayOptions {
  readonly world: World;
  readonly seed: number;
  readonly now: () => number;
  readonly heartbeatIntervalMs: number;
  readonly identifyIntervalMs: number;
}

interface Resumable {
  readonly session: Session;
  readonly missed: readonly string[];
}

/** How long a session without a connection can be resumed. */
const RESUMABLE_MS = 300_000;

/** Discord's Gateway v10, JSON encoding. https://discord.com/developers/docs/events/gateway */
export class Gateway implements GatewayFront {
  readonly faults: GatewayFaults;
  /** Where it is reached; set once the port is known. */
  url = '';
  /** Leads clients astray: they are sent there instead of to where they came from. */
  decoy: string | null = null;
  readonly #options: GatewayOptions;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 });
  readonly #connections = new Set<Connection>();
  readonly #sessions = new Map<string, Session>();
  readonly #starts: SessionStarts;
  readonly #chance: Chance;
  readonly #board: Switchboard;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#starts = new SessionStarts(options.now, options.identifyIntervalMs);
    this.#chance = new Chance(options.seed);
    this.faults = new GatewayFaults(() => [...this.#connections]);
    this.#board = {
      now: options.now,
      heartbeatIntervalMs: options.heartbeatIntervalMs,
      identify: (connection, data) => this.#identify(connection, data),
      resume: (connection, data) => this.#resume(connection, data),
      requestMembers: (session, data) => answerMembersRequest(session, options.world.guilds, data),
      closed: (connection, code) => this.#closed(connection, code),
    };
    options.world.onEvent((event) => {
      for (const session of this.#sessions.values()) tell(session, event);
    });
  }

  /** The way that the client came, so that a proxy in between carries both. */
  urlFor(host: string | null): string {
    return this.decoy ?? (host === null ? this.url : `ws://${host}`);
  }

  /** Open connections that carry a session. */
  get online(): number {
    return [...this.#connections].filter(({ session }) => session !== null).length;
  }

  sessionStartLimit(bot: Bot): SessionStartLimit {
    return this.#starts.limitOf(bot);
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new Connection(webSocket, this.#board, request.headers.host ?? null);
      this.#connections.add(connection);
      const query = new URL(request.url ?? '/', 'ws://gateway').searchParams;
      if (query.get('v') !== '10') connection.close(CLOSE.InvalidApiVersion, 'Invalid API version.');
      else if (query.get('encoding') !== 'json') connection.close(CLOSE.DecodeError, 'Unsupported encoding.');
      else if (!this.faults.reached('connect', connection)) connection.greet();
    });
  }

  /** Ends the sessions of a bot, such as one whose token was revoked. */
  expel(bot: Bot, code: number, which: (session: Session) => boolean = () => true): void {
    for (const session of this.#sessions.values()) {
      if (session.bot === bot && which(session)) this.#sessions.delete(session.id);
    }
    for (const connection of this.#connections) {
      if (connection.session?.bot === bot && which(connection.session)) connection.close(code);
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.drop();
    this.#server.close();
  }

  #identify(connection: Connection, data: unknown): void {
    const identified = identify(this.#options.world, data);
    if ('refused' in identified) connection.close(identified.refused);
    else if (!this.faults.reached('identify', connection)) this.#start(connection, identified);
  }

  #start(connection: Connection, identified: Accepted): void {
    const start = this.#starts.take(identified.bot, identified.shard);
    if (start === 'granted') this.#open(connection, identified);
    else if (start === 'tooSoon') connection.send(OP.InvalidSession, false);
    else {
      identified.bot.revoked = true;
      connection.close(CLOSE.AuthenticationFailed, 'Authentication failed.');
    }
  }

  #open(connection: Connection, { bot, intents, shard }: Accepted): void {
    for (const old of this.#sessions.values()) this.#expired(old);
    const session = new Session(this.#chance.hex(32), bot, intents, shard);
    this.#sessions.set(session.id, session);
    connection.carry(session);
    const guilds = this.#options.world.guilds.filter((guild) => session.covers(guild));
    session.dispatch('READY', readyData(session, guilds, this.urlFor(connection.host)));
    if (!session.wants(INTENT.Guilds)) return;
    for (const guild of guilds) session.dispatch('GUILD_CREATE', guildCreateData(guild, bot));
  }

  #resume(connection: Connection, data: unknown): void {
    const resumed = this.#resumable(data);
    if (this.faults.reached('resume', connection)) return;
    if (resumed === null) connection.send(OP.InvalidSession, false);
    else if ('refused' in resumed) connection.close(resumed.refused);
    else this.#reopen(connection, resumed);
  }

  /** The session to go on with, a close code, or null when the client must identify anew. */
  #resumable(data: unknown): Resumable | { readonly refused: number } | null {
    const resume = parseResume(data);
    if (resume === null) return { refused: CLOSE.DecodeError };
    const bot = this.#options.world.botOf(resume.token.replace(/^Bot /, ''));
    if (bot === null) return { refused: CLOSE.AuthenticationFailed };
    const session = this.#sessions.get(resume.sessionId);
    if (session === undefined || session.bot !== bot || this.#expired(session)) return null;
    if (resume.seq > session.seq) return { refused: CLOSE.InvalidSeq };
    const missed = session.since(resume.seq);
    return missed === null ? null : { session, missed };
  }

  #reopen(connection: Connection, { session, missed }: Resumable): void {
    for (const other of this.#connections) if (other.session === session) other.drop();
    connection.carry(session);
    for (const text of missed) connection.deliver(text);
    session.dispatch('RESUMED', '{"_trace":[]}');
  }

  #expired(session: Session): boolean {
    const gone = session.detachedAt !== null && this.#options.now() - session.detachedAt > RESUMABLE_MS;
    if (gone) this.#sessions.delete(session.id);
    return gone;
  }

  /** A client that closes with 1000 or 1001 gives its session up; after anything else it may resume. */
  #closed(connection: Connection, code: number): void {
    this.#connections.delete(connection);
    const { session } = connection;
    if (session === null || [...this.#connections].some((other) => other.session === session)) return;
    session.outlet = null;
    session.detachedAt = this.#options.now();
    if (code === 1000 || code === 1001) this.#sessions.delete(session.id);
  }
}
