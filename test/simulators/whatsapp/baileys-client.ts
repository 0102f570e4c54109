import {
  type AuthenticationState,
  addTransactionCapability,
  type BaileysEventMap,
  DEFAULT_CONNECTION_CONFIG,
  initAuthCreds,
  makeWASocket,
  proto,
  type SignalRepositoryWithLIDStore,
  type UserFacingSocketConfig,
  unpadRandomMax16,
  type WASocket,
} from '@whiskeysockets/baileys';
import { KeyStore } from './signal/key-store.ts';
import { silentLogger } from './signal/silent-logger.ts';
import type { WhatsAppSimulator } from './whatsapp-simulator.ts';

type HistoryNotification = proto.Message.IHistorySyncNotification;

/** What a test needs of a service: a session that outlives its sockets, and everything that was heard. */
export class BaileysClient {
  /** May be another one after a restart. */
  simulator: WhatsAppSimulator;
  readonly auth: AuthenticationState;
  /**
   * Notifications of history, as they were decrypted: Baileys sends receipts before it hands a message over, so that
   * one which it was handling when the line broke is heard nowhere else.
   */
  readonly notifications: HistoryNotification[] = [];
  readonly events: Partial<BaileysEventMap>[] = [];
  readonly #config: Partial<UserFacingSocketConfig>;
  readonly #watchers = new Set<() => void>();
  #socket: WASocket | null = null;

  constructor(simulator: WhatsAppSimulator, config: Partial<UserFacingSocketConfig> = {}) {
    this.simulator = simulator;
    this.#config = config;
    const keys = addTransactionCapability(new KeyStore({}, () => undefined), silentLogger, {
      maxCommitRetries: 1,
      delayBetweenTriesMs: 1,
    });
    this.auth = { creds: initAuthCreds(), keys };
  }

  get socket(): WASocket {
    if (this.#socket === null) throw new Error('There is no socket.');
    return this.#socket;
  }

  /** Opens a socket. */
  connect(): WASocket {
    const socket = makeWASocket({
      auth: this.auth,
      logger: silentLogger,
      waWebSocketUrl: this.simulator.socketUrl,
      markOnlineOnConnect: false,
      syncFullHistory: false,
      // Files are not downloaded by Baileys, which knows only WhatsApp's own host.
      shouldSyncHistoryMessage: ({ directPath }) => !directPath,
      makeSignalRepository: (...parts) => this.#listening(DEFAULT_CONNECTION_CONFIG.makeSignalRepository(...parts)),
      ...this.#config,
    });
    this.#socket = socket;
    socket.ev.process((events) => {
      this.events.push(events);
      if (events['creds.update']) Object.assign(this.auth.creds, events['creds.update']);
      this.#tell();
    });
    return socket;
  }

  /** The first that `select` gives for the events so far, or those to come. */
  heard<A>(select: (events: Partial<BaileysEventMap>) => A | undefined): Promise<A> {
    return this.until(() => {
      for (const events of this.events) {
        const selected = select(events);
        if (selected !== undefined) return selected;
      }
      return undefined;
    });
  }

  /** Looks now, and again whenever something was heard. */
  until<A>(look: () => A | undefined): Promise<A> {
    const { promise, resolve } = Promise.withResolvers<A>();
    const watcher = (): void => {
      const seen = look();
      if (seen === undefined) return;
      this.#watchers.delete(watcher);
      resolve(seen);
    };
    this.#watchers.add(watcher);
    watcher();
    return promise;
  }

  opened(): Promise<true> {
    return this.heard((events) => (events['connection.update']?.connection === 'open' ? true : undefined));
  }

  /** The status code with which the connection closed. */
  closed(): Promise<number> {
    return this.heard(({ 'connection.update': update }) => {
      if (update?.connection !== 'close') return undefined;
      const error = update.lastDisconnect?.error as { readonly output?: { readonly statusCode?: number } } | undefined;
      return error?.output?.statusCode ?? 0;
    });
  }

  /** Connects, has its QR code scanned, and comes again as the device that it now is. */
  async pair(phoneNumber?: string): Promise<void> {
    this.connect();
    const qr = await this.heard((events) => events['connection.update']?.qr);
    this.simulator.scan(qr, phoneNumber);
    await this.closed();
    await this.reconnect();
  }

  async reconnect(): Promise<void> {
    await this.end();
    this.connect();
    await this.opened();
  }

  /** Ends the socket, if there is one, and forgets what was heard. */
  async end(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) await socket.end(undefined);
    this.events.length = 0;
  }

  #listening(repository: SignalRepositoryWithLIDStore): SignalRepositoryWithLIDStore {
    return {
      ...repository,
      decryptMessage: async (sealed) => {
        const plaintext = await repository.decryptMessage(sealed);
        const { protocolMessage } = proto.Message.decode(unpadRandomMax16(plaintext));
        if (protocolMessage?.historySyncNotification) {
          this.notifications.push(protocolMessage.historySyncNotification);
          this.#tell();
        }
        return plaintext;
      },
    };
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
