import type { WebSocket } from 'ws';
import { CLOSE, LARGEST_PAYLOAD, OP, SEND_LIMIT, SEND_WINDOW_MS } from './protocol.ts';
import type { Session } from './session.ts';

/** What a connection asks of the gateway behind it. */
export interface Switchboard {
  readonly now: () => number;
  readonly heartbeatIntervalMs: number;
  readonly identify: (connection: Connection, data: unknown) => void;
  readonly resume: (connection: Connection, data: unknown) => void;
  readonly requestMembers: (session: Session, data: unknown) => void;
  readonly closed: (connection: Connection, code: number) => void;
}

interface Payload {
  readonly op: number;
  readonly d: unknown;
}

const FOR_THE_AUTHENTICATED: ReadonlySet<number> = new Set([
  OP.PresenceUpdate,
  OP.VoiceStateUpdate,
  OP.RequestGuildMembers,
  OP.RequestSoundboardSounds,
]);

const parse = (text: string): Payload | null => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('op' in value) || typeof value.op !== 'number') return null;
    return { op: value.op, d: 'd' in value ? value.d : null };
  } catch {
    return null;
  }
};

/** One socket: greets, keeps the beat, refuses what breaks the protocol, and carries the events of a session. */
export class Connection {
  session: Session | null = null;
  /** The address by which it came, `host:port`. */
  readonly host: string | null;
  readonly #socket: WebSocket;
  readonly #board: Switchboard;
  readonly #held: string[] = [];
  #sends: number[] = [];
  #watch: NodeJS.Timeout | undefined;
  #holding = false;
  #dead = false;
  #ended = false;

  constructor(socket: WebSocket, board: Switchboard, host: string | null) {
    this.host = host;
    this.#socket = socket;
    this.#board = board;
    socket.on('message', (data, isBinary) => this.#receive(String(data), isBinary));
    socket.on('close', (code) => this.#end(code));
    socket.on('error', () => socket.terminate());
  }

  greet(): void {
    this.send(OP.Hello, { heartbeat_interval: this.#board.heartbeatIntervalMs, _trace: [] });
    this.#expectHeartbeat();
  }

  /** Makes this connection the outlet of a session. */
  carry(session: Session): void {
    this.session = session;
    session.detachedAt = null;
    session.outlet = { deliver: (text) => this.deliver(text) };
  }

  deliver(text: string): void {
    if (this.#holding) this.#held.push(text);
    else this.#write(text);
  }

  send(op: number, data: unknown): void {
    this.#write(JSON.stringify({ t: null, s: null, op, d: data }));
  }

  close(code: number, reason = ''): void {
    this.#socket.close(code, reason);
  }

  /** The line is cut: no close frame. */
  drop(): void {
    this.#socket.terminate();
    this.#end(1006);
  }

  /** Stays open, hears nothing and says nothing: what a client must find out by its missing heartbeats. */
  die(): void {
    this.#dead = true;
    clearTimeout(this.#watch);
  }

  /** Keeps events back until `resumeFlow`. */
  hold(): void {
    this.#holding = true;
  }

  resumeFlow(): void {
    this.#holding = false;
    for (const text of this.#held.splice(0)) this.#write(text);
  }

  #write(text: string): void {
    if (!this.#dead && this.#socket.readyState === this.#socket.OPEN) this.#socket.send(text);
  }

  #receive(text: string, isBinary: boolean): void {
    if (this.#dead) return;
    const payload = isBinary || Buffer.byteLength(text) > LARGEST_PAYLOAD ? null : parse(text);
    if (this.#tooMany()) this.close(CLOSE.RateLimited, 'You are being rate limited.');
    else if (payload === null) this.close(CLOSE.DecodeError, 'Error while decoding payload.');
    else this.#obey(payload);
  }

  #obey({ op, d }: Payload): void {
    if (op === OP.Heartbeat) this.#acknowledge();
    else if (op === OP.Identify || op === OP.Resume) this.#authenticate(op, d);
    else if (!FOR_THE_AUTHENTICATED.has(op)) this.close(CLOSE.UnknownOpcode, 'Unknown opcode.');
    else if (this.session === null) this.close(CLOSE.NotAuthenticated, 'Not authenticated.');
    else if (op === OP.RequestGuildMembers) this.#board.requestMembers(this.session, d);
  }

  #acknowledge(): void {
    this.#expectHeartbeat();
    this.send(OP.HeartbeatAck, null);
  }

  #authenticate(op: number, data: unknown): void {
    if (this.session !== null) this.close(CLOSE.AlreadyAuthenticated, 'Already authenticated.');
    else if (op === OP.Identify) this.#board.identify(this, data);
    else this.#board.resume(this, data);
  }

  #tooMany(): boolean {
    const now = this.#board.now();
    this.#sends = this.#sends.filter((at) => at > now - SEND_WINDOW_MS);
    this.#sends.push(now);
    return this.#sends.length > SEND_LIMIT;
  }

  #expectHeartbeat(): void {
    clearTimeout(this.#watch);
    // Real time: the client's timer runs on it too.
    this.#watch = setTimeout(
      () => this.close(CLOSE.SessionTimedOut, 'Session timed out.'),
      this.#board.heartbeatIntervalMs * 1.5 + 1_000,
    );
    this.#watch.unref();
  }

  #end(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#watch);
    this.#board.closed(this, code);
  }
}
