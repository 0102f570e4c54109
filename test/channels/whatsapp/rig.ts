import { Effect } from 'effect';
import { afterEach } from 'vitest';
import type { HeldMessage, MessagePage, PushedHistory } from '../../../src/channels/channel.ts';
import type { PlatformFailure } from '../../../src/channels/platform-failure.ts';
import type { Message } from '../../../src/domain/message.ts';
import { type MemoryVault, memoryVault } from '../../harness/memory-vault.ts';
import { startWhatsAppSimulator } from '../../simulators/whatsapp/simulator.ts';
import type { SimulatorOptions, WhatsAppSimulator } from '../../simulators/whatsapp/whatsapp-simulator.ts';
import type { WorldPlan } from '../../simulators/whatsapp/world/world-plan.ts';
import { OpenChannel, type OpenedWith } from './open-channel.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One number, two friends and a group: enough for most, and quick. */
export const smallWorld = (now: number): WorldPlan => {
  const since = (days: number): { from: number; to: number } => ({ from: now - days * DAY_MS, to: now - HOUR_MS });
  return {
    accounts: [
      {
        name: 'Owner',
        phoneNumber: '491700000001',
        people: [
          { name: 'Ada', phoneNumber: '491571000001', savedAs: 'Ada Lovelace' },
          { name: 'Ben', phoneNumber: '491571000002', pushName: 'benny' },
          { name: 'Cleo', phoneNumber: '491571000003', mapping: 'late' },
        ],
        chats: [
          { kind: 'direct', with: 'Ada', messages: 130, ...since(400) },
          { kind: 'direct', with: 'Ben', addressing: 'lid', messages: 40, ...since(60) },
          { kind: 'direct', with: 'Cleo', addressing: 'lid', messages: 12, ...since(20) },
          { kind: 'group', name: 'Sailing', members: ['Ada', 'Ben', 'Cleo'], messages: 120, ...since(300) },
          { kind: 'status', by: ['Ada'], messages: 3, ...since(1) },
          { kind: 'newsletter', name: 'News', messages: 3, ...since(5) },
        ],
      },
    ],
  };
};

/** A simulator, a vault and the channels that a test opened; all of it is closed after the test. */
export class Rig {
  readonly simulator: WhatsAppSimulator;
  readonly vault: MemoryVault = memoryVault();
  readonly #opened: OpenChannel[] = [];

  private constructor(simulator: WhatsAppSimulator) {
    this.simulator = simulator;
  }

  static async start(options: SimulatorOptions = {}): Promise<Rig> {
    return new Rig(await startWhatsAppSimulator({ seed: 7, world: smallWorld, ...options }));
  }

  open(options: Partial<OpenedWith> = {}): OpenChannel {
    return this.#track(OpenChannel.open(this.simulator, { vault: this.vault, ...options }));
  }

  async pair(options: Partial<OpenedWith> = {}): Promise<OpenChannel> {
    return this.#track(await OpenChannel.pair(this.simulator, { vault: this.vault, ...options }));
  }

  /** Pairs, and waits until everything that the phone pushes is kept. */
  async pairWithHistory(options: Partial<OpenedWith> = {}): Promise<OpenChannel> {
    const channel = await this.pair(options);
    await this.settled();
    return channel;
  }

  /** The phone has sent what it sends, and the device has acknowledged all of it. */
  async settled(): Promise<void> {
    await this.simulator.idle();
    const [device] = this.simulator.account().linked;
    await this.until(() => (device?.waiting.length === 0 ? true : undefined));
  }

  /** Looks now, and whenever the simulator notes something. */
  until<A>(look: () => A | undefined): Promise<A> {
    const { promise, resolve } = Promise.withResolvers<A>();
    const stop = this.simulator.log.watch(() => setImmediate(check));
    const check = (): void => {
      const seen = look();
      if (seen === undefined) return;
      stop();
      resolve(seen);
    };
    check();
    return promise;
  }

  async readAll(channel: OpenChannel): Promise<readonly PushedHistory[]> {
    const read: PushedHistory[] = [];
    for (const push of this.vault.pushed) {
      const reader = channel.connection.pushed;
      if (reader === null) throw new Error('WhatsApp pushes.');
      read.push(await Effect.runPromise(reader.read(push)));
    }
    return read;
  }

  async end(): Promise<void> {
    for (const channel of this.#opened.splice(0)) await channel.close();
    await this.simulator.close();
  }

  #track(channel: OpenChannel): OpenChannel {
    this.#opened.push(channel);
    return channel;
  }
}

/** Starts rigs that are ended after each test. */
export const rigs = (): ((options?: SimulatorOptions) => Promise<Rig>) => {
  const started: Rig[] = [];
  afterEach(async () => {
    for (const rig of started.splice(0)) await rig.end();
  });
  return async (options) => {
    const rig = await Rig.start(options);
    started.push(rig);
    return rig;
  };
};

export const heldOf = ({ externalId, senderId, isFromMe, timestamp }: Message): HeldMessage => ({
  externalId,
  senderId,
  isFromMe,
  at: timestamp,
});

/** The newest message that a test may take for held. */
export const newestOf = (rig: Rig, chat: string) => {
  const truths = [...rig.simulator.groundTruth({ chat })].filter(({ type }) => type !== 'system');
  const truth = truths.at(-1);
  if (truth === undefined) throw new Error(`${chat} is empty.`);
  const { messageId, isFromMe, senderId, timestamp, channelId } = truth;
  return { externalId: channelId, from: { externalId: messageId, senderId, isFromMe, at: timestamp } };
};

export const isPlace = ({ type }: Message): boolean => !['reaction', 'system', 'unknown'].includes(type);

export const readPage = (
  channel: OpenChannel,
  externalId: string,
  from: HeldMessage | undefined,
  limit = 50,
): Promise<MessagePage | PlatformFailure> =>
  Effect.runPromise(
    channel.connection.history
      .read({ externalId, before: null, limit, ...(from === undefined ? {} : { from }) })
      .pipe(Effect.catch((failure) => Effect.succeed(failure))),
  );
