import { randomUUID } from 'node:crypto';
import {
  type BaileysEventMap,
  type BinaryNode,
  decodeMessageNode,
  type GroupMetadata,
  proto,
  type WASocket,
} from '@whiskeysockets/baileys';
import { messageOf } from '../../../domain/errors.ts';
import type { ConnectionLost, ConnectionReport } from '../../channel.ts';
import { Unreachable } from '../../platform-failure.ts';
import type { SessionVault } from '../../session-vault.ts';
import { AddressBook, type Pair } from '../addresses/address-book.ts';
import { AliasNews, aliasIn } from '../addresses/alias-news.ts';
import { type ChatAddresses, chatAddresses } from '../addresses/chat-addresses.ts';
import { OwnMessages, type Watcher } from '../history/own-messages.ts';
import { AwaitedAnswers } from '../keeping/awaited-answers.ts';
import { IncomingHistory } from '../keeping/incoming-history.ts';
import { AuthState } from '../keys/auth-state.ts';
import { NOT_CONNECTED } from '../not-connected.ts';
import type { AddressBookRead } from '../people.ts';
import { AccountEvents } from './account-events.ts';
import { allGroups } from './all-groups.ts';
import { ADDRESS_BOOK, AppStateReading, holdsAddressBook, holdsKey, rereadAddressBook } from './app-state.ts';
import {
  loginTimedOut,
  lossOf,
  lossOfTrouble,
  pairingFailed,
  restartLoop,
  sessionUnreadable,
  upgradeRefused,
  wantsRestart,
} from './connection-loss.ts';
import { Deadline } from './deadline.ts';
import { removeDevice } from './log-out.ts';
import { PairingOffers } from './pairing-offers.ts';
import { Reporting } from './reporting.ts';
import { type SocketSetting, socketOf } from './socket-of.ts';

/** From the opening of the socket to `<success>`, or to the first QR code. */
const LOGIN_LIMIT_MS = 60_000;
/**
 * From `<success>` on: Baileys counts, uploads and checks its pre-keys and says that it is active, with up to a minute
 * for each answer, and opens whatever came of them (its `socket.js`).
 */
const SETTLING_LIMIT_MS = 300_000;
/** Restarts that the server may ask for without letting us in between. */
const MOST_RESTARTS = 3;
/** How long a socket may take to say goodbye. */
const GOODBYE_MS = 2_000;

export interface SessionOf extends SocketSetting {
  readonly vault: SessionVault;
  readonly pairWith: string | null;
  readonly report: (report: ConnectionReport) => void;
  readonly loginLimitMs: number | null;
}

interface Learned {
  readonly pairs: readonly Pair[];
  readonly chats: readonly string[];
}

const GONE = new Unreachable({ message: 'The connection to WhatsApp ended before the answer came.' });

/**
 * The life of one connection: `opening` → `open` ⇄ `interrupted`, and from anywhere to `over`, which is told exactly
 * once, after the last write. A restart that the server asks for (515, always after pairing) stays inside.
 */
export class Session {
  readonly awaited = new AwaitedAnswers();
  readonly book: AddressBook;
  readonly addresses: ChatAddresses = chatAddresses(() => this.#state);
  readonly incoming: IncomingHistory;
  readonly #of: SessionOf;
  readonly #reporting: Reporting;
  readonly #offers: PairingOffers;
  readonly #appState: AppStateReading;
  readonly #events: AccountEvents;
  readonly #own = new OwnMessages();
  readonly #deadline = new Deadline(() => this.#lose(loginTimedOut()));
  #phase: 'opening' | 'open' | 'interrupted' | 'over' = 'opening';
  #continuity: string = randomUUID();
  #state: AuthState | null = null;
  #socket: WASocket | null = null;
  /** Makes the socket of before decrypt nothing more. */
  #retire: () => void = () => {};
  /** How often Baileys could not read the address book, or a part of it. */
  #bookTroubles = 0;
  #restarts = 0;
  #ending: Promise<void> | null = null;

  constructor(of: SessionOf) {
    this.#of = of;
    this.incoming = new IncomingHistory(of.historyDepth === 'full');
    this.#reporting = new Reporting(of.report);
    this.#appState = new AppStateReading(this.#onFault('The app state could not be read.'));
    this.#offers = new PairingOffers({
      pairWith: of.pairWith,
      now: of.now,
      offer: (offer) => this.#reporting.say({ type: 'pairingOffered', offer }),
      onRefused: () => this.#lose(pairingFailed()),
    });
    this.book = new AddressBook({
      own: () => this.#state?.creds.me,
      // Where they cannot be looked up, the LID stands for the phone address, and the alias is told later.
      pairsOf: async (lids) =>
        (await this.#socket?.signalRepository.lidMapping.getPNsForLIDs(lids).catch(() => null)) ?? null,
    });
    this.#events = new AccountEvents({
      book: this.book,
      now: of.now,
      tell: (report) => this.#reporting.tell(report),
      onFault: this.#onFault('An event of WhatsApp could not be taken in.'),
    });
  }

  /** The socket while it is open for requests. */
  readonly socket = (): WASocket | null => (this.#phase === 'open' ? this.#socket : null);

  /** Tells what becomes of the message of this id: also that the socket is gone. Returns how to stop. */
  readonly watch = (id: string, watcher: Watcher): (() => void) => this.#own.watch(id, watcher);

  /** Keeps what was told of LIDs and phone addresses (the key store tells of those that are new), and of chats. */
  readonly learn = async ({ pairs, chats }: Learned): Promise<void> => {
    try {
      await this.addresses.heard(chats);
      if (pairs.length > 0) await this.#socket?.signalRepository.lidMapping.storeLIDPNMappings([...pairs]);
    } catch (error) {
      this.#onFault('A mapping of addresses could not be kept.')(error);
    }
  };

  /** All groups with their members, in one query. */
  async fetchGroups(): Promise<readonly GroupMetadata[]> {
    const socket = this.socket();
    if (socket === null) throw new Error(NOT_CONNECTED);
    return this.#events.answering(() => allGroups(socket));
  }

  /** Reads the names that the owner saved anew. Null: it cannot be, since nobody gave us the key of the app state. */
  async readAddressBook(): Promise<AddressBookRead | null> {
    const [socket, state] = [this.socket(), this.#state];
    if (socket === null || state === null) throw new Error(NOT_CONNECTED);
    if (!(await holdsKey(state))) return null;
    const troubles = this.#bookTroubles;
    const contacts = await this.#events.contactsDuring(() => rereadAddressBook(socket, state));
    return { contacts, isWhole: this.#bookTroubles === troubles && (await holdsAddressBook(state)) };
  }

  async start(): Promise<void> {
    const { vault } = this.#of;
    const news = new AliasNews((aliases) => this.#reporting.tell({ type: 'aliasesLearned', aliases }));
    try {
      const state = await AuthState.open({
        vault,
        onTrouble: (trouble) => this.#lose(lossOfTrouble(trouble)),
        onStored: news.stored,
      });
      if (this.#isOver()) return await state.close();
      this.#state = state;
      this.#connect(state);
    } catch (error) {
      this.#onFault('The session could not be opened.')(error);
      this.#lose(sessionUnreadable());
    }
  }

  /** Ends the connection without a word, and resolves when nothing is written any more. */
  async close(): Promise<void> {
    this.#reporting.end();
    await this.#end();
  }

  /** Removes this device from the account. Rejects when the server cannot be told. */
  async logOut(): Promise<void> {
    const socket = this.socket();
    if (socket === null) throw new Error(NOT_CONNECTED);
    this.#reporting.end();
    await removeDevice(socket);
    await this.#end();
  }

  #isOver(): boolean {
    return this.#phase === 'over';
  }

  readonly #onFault =
    (sentence: string) =>
    (error: unknown): void => {
      if (this.#isOver()) return;
      const words = messageOf(error, 'unknown').slice(0, 200);
      this.#of.log.warn({ instanceId: this.#of.instanceId, error: words }, sentence);
    };

  #connect(state: AuthState): void {
    this.#deadline.set(this.#of.loginLimitMs ?? LOGIN_LIMIT_MS);
    // From here on, since what waited for us on the server may come before we are told that we are in.
    this.#continuity = randomUUID();
    this.#retire();
    let isCurrent = true;
    this.#retire = () => {
      isCurrent = false;
    };
    const socket = socketOf({
      setting: this.#of,
      state,
      awaited: this.awaited,
      incoming: this.incoming,
      own: this.#own,
      isCurrent: () => isCurrent,
      hear: (name, event) => {
        if (this.#socket === socket) this.#hear(state, socket, { [name]: event });
      },
      missed: (stanza) => this.#onMissed(state, stanza),
      letIn: () => this.#letIn(),
      refused: (status) => {
        if (this.#socket === socket) this.#lose(upgradeRefused(status));
      },
      troubled: (collection) => {
        if (collection === ADDRESS_BOOK) this.#bookTroubles += 1;
      },
      onFault: this.#onFault('Baileys could not handle what WhatsApp sent.'),
    });
    this.#socket = socket;
  }

  #letIn(): void {
    if (!this.#isOver()) this.#deadline.set(SETTLING_LIMIT_MS);
  }

  #hear(state: AuthState, socket: WASocket, event: Partial<BaileysEventMap>): void {
    if (this.#isOver()) return;
    if (event['creds.update']) state.credsChanged();
    if (event['creds.update']?.myAppStateKeyId && this.#phase === 'open') this.#appState.look(socket, state);
    if (event['connection.update']) this.#onConnection(state, socket, event['connection.update']);
    if (event['messages.upsert']) this.#onMessages(event['messages.upsert']);
    if (event['messages.update']) this.#own.onUpdates(event['messages.update']);
    this.#events.hear(event, this.#continuity);
  }

  #onConnection(state: AuthState, socket: WASocket, update: BaileysEventMap['connection.update']): void {
    if (update.qr) {
      this.#deadline.lift();
      this.#offers.onQr(socket, update.qr);
    }
    if (update.isNewLogin) this.incoming.paired();
    if (update.receivedPendingNotifications) this.incoming.nothingWaits();
    if (update.connection === 'open') void this.#opened(state, socket);
    if (update.connection === 'close') void this.#closed(state, update.lastDisconnect?.error);
  }

  async #opened(state: AuthState, socket: WASocket): Promise<void> {
    this.#deadline.lift();
    this.#phase = 'open';
    this.incoming.opened(this.#of.now());
    this.#restarts = 0;
    const { me } = state.creds;
    const name = me?.name === undefined || me.name === '~' ? null : me.name;
    const account = { externalId: this.book.ownJid, name };
    this.#reporting.say({ type: 'connectionOpened', account, continuity: this.#continuity });
    this.#appState.look(socket, state);
    await this.#tellAliases(state).catch(this.#onFault('The mappings of addresses could not be read.'));
  }

  /** All of them, with each opening: a crash may have come between keeping one and what the core made of it. */
  async #tellAliases(state: AuthState): Promise<void> {
    const held = await state.readAll('lid-mapping');
    const aliases = [...held].flatMap(([name, value]) => aliasIn({ kind: 'lid-mapping', name, value }) ?? []);
    this.#reporting.tell({ type: 'aliasesLearned', aliases });
  }

  async #closed(state: AuthState, error: unknown): Promise<void> {
    this.#retire();
    this.#own.fail(GONE);
    if (!wantsRestart(error) || !state.isPaired) return this.#lose(lossOf(error));
    this.#restarts += 1;
    if (this.#restarts > MOST_RESTARTS) return this.#lose(restartLoop());
    if (this.#phase === 'open') {
      this.#phase = 'interrupted';
      this.#reporting.say({
        type: 'connectionInterrupted',
        message: 'WhatsApp asked for a restart of the connection.',
      });
    }
    await state.settled();
    try {
      if (!this.#isOver()) this.#connect(state);
    } catch (fault) {
      this.#lose(lossOf(fault));
    }
  }

  /** What came for this device alone is no message. */
  #onMissed({ creds: { me } }: AuthState, stanza: BinaryNode): void {
    if (me === undefined || stanza.attrs['category'] === 'peer') return;
    this.#events.missed(decodeMessageNode(stanza, me.id, me.lid ?? '').fullMessage.key);
  }

  #onMessages({ messages }: BaileysEventMap['messages.upsert']): void {
    void this.learn({ pairs: [], chats: messages.flatMap(({ key }) => key.remoteJid ?? []) });
    const { CIPHERTEXT } = proto.WebMessageInfo.StubType;
    // What a device of the account tells this one alone is no message, and would go without a trace.
    if (messages.some(({ category, messageStubType }) => category === 'peer' && messageStubType === CIPHERTEXT))
      this.#of.log.warn({ instanceId: this.#of.instanceId }, 'What the phone told this device could not be decrypted.');
  }

  /** From here on nothing leaves and nothing new is written; told when the last write is done. */
  #lose(loss: ConnectionLost): void {
    if (this.#isOver()) return;
    void this.#end().then(() => this.#reporting.say(loss));
  }

  #end(): Promise<void> {
    this.#phase = 'over';
    this.#retire();
    this.#deadline.lift();
    this.#own.fail(GONE);
    this.#ending ??= this.#finish();
    return this.#ending;
  }

  async #finish(): Promise<void> {
    // Shuts the socket before anything is awaited: what Baileys still wants to send finds it closed.
    const goodbye = this.#socket?.end(undefined) ?? Promise.resolve();
    await this.#state?.close();
    const { promise: patience, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GOODBYE_MS);
    await Promise.race([goodbye.catch(() => {}), patience]);
    clearTimeout(timer);
  }
}
