import { setImmediate } from 'node:timers/promises';
import type { Command } from '../../../src/domain/command.ts';
import type { InstanceId, JobId } from '../../../src/domain/ids.ts';
import type { Fence } from '../../../src/runtime/fence.ts';
import { partitionOf } from '../../../src/runtime/partition.ts';
import { SimulatedClock } from '../../simulated-clock.ts';
import type { Chance } from '../../simulators/discord/chance.ts';
import { whatIsWrong } from '../core-world.ts';
import { MemoryRuntimeStore } from '../memory-runtime-store.ts';
import { ModelPlatform } from '../model-platform.ts';
import { MemoryPartitions } from './memory-partitions.ts';
import { SharedMailbox } from './shared-mailbox.ts';
import { SimulatedNode, type Surroundings, type Weakness } from './simulated-node.ts';

const MESSAGES = 20;
const SHARE_OF_REFRESHES = 0.7;
const NAMES = ['one', 'two', 'three'];
const OVER = new Set(['completed', 'failed', 'cancelled']);
/** Nothing takes longer than this once everything is well, ms of simulated time. */
const PATIENCE_MS = 900_000;

const settled = async (): Promise<void> => {
  for (let turns = 0; turns < 4; turns++) await setImmediate();
};

/** Several nodes with the real core, on one database, one mailbox and one platform in memory, in simulated time. */
export class SimulatedCluster implements Surroundings {
  readonly clock = new SimulatedClock();
  readonly partitions = new MemoryPartitions(() => this.clock.now());
  readonly mailbox = new SharedMailbox();
  readonly instances = new Map<InstanceId, MemoryRuntimeStore>();
  readonly nodes: SimulatedNode[] = [];
  readonly chance: Chance;
  isDatabaseAway = false;
  /** What is broken now, and when it heals (ms). */
  readonly heals: { readonly until: number; readonly undo: () => void }[] = [];
  /** Everything that was seen and must not be. */
  readonly problems: string[] = [];
  readonly #platforms = new Map<InstanceId, ModelPlatform>();

  readonly weakness: Weakness | null;

  constructor(chance: Chance, instances: number, weakness: Weakness | null = null) {
    this.chance = chance;
    this.weakness = weakness;
    while (this.instances.size < instances) this.#addInstance();
  }

  #addInstance(): void {
    const id = this.uuid() as InstanceId;
    const isTaken = [...this.instances.keys()].some((other) => partitionOf(other) === partitionOf(id));
    if (isTaken) return;
    const store = new MemoryRuntimeStore(id);
    store.isCurrent = (fence) => this.weakness === 'no fence' || this.partitions.isCurrent(fence);
    store.onCommit = (rows) => this.#note(whatIsWrong(rows));
    this.instances.set(id, store);
    const platform = new ModelPlatform(NAMES);
    for (const conversation of platform.conversations) {
      for (let ago = MESSAGES; ago > 0; ago--) conversation.post(this.clock.now() - 1_000 * ago);
    }
    this.#platforms.set(id, platform);
  }

  #note(problem: string | null): void {
    if (problem !== null && this.problems.length < 10) this.problems.push(problem);
  }

  /** One that follows from the seed, as the partition follows from the id. */
  readonly uuid = (): string => {
    const hex = (digits: number): string => this.chance.hex(digits);
    return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  };

  get ids(): readonly InstanceId[] {
    return [...this.instances.keys()];
  }

  platformOf(id: InstanceId): ModelPlatform {
    const platform = this.#platforms.get(id);
    if (platform === undefined) throw new Error(`There is no instance ${id}`);
    return platform;
  }

  /** The nodes that are not dead, frozen ones included. */
  get alive(): readonly SimulatedNode[] {
    return this.nodes.filter(({ isDead }) => !isDead);
  }

  /** Whether it owns an instance that has something to do. */
  isBusy(node: SimulatedNode): boolean {
    return this.ids.some((id) => this.partitions.ownerOf(partitionOf(id)) === node.id && !this.isQuiet(id));
  }

  join(): void {
    const node = new SimulatedNode(this);
    this.nodes.push(node);
    node.start();
  }

  /** Called with each request that leaves a node for the platform. */
  asked(node: SimulatedNode, id: InstanceId): void {
    if (node.clock.isHalted) this.#note('a process that stands still asked the platform');
    const owner = this.partitions.ownerOf(partitionOf(id));
    if (owner !== node.id && owner !== null)
      this.#note('a node asked the platform for an instance that another one owns');
  }

  /** Called with each step that a node has committed. */
  committed(node: SimulatedNode, { partition, epoch }: Fence): void {
    if (this.partitions.epochOf(partition) !== epoch) this.#note('a step was committed under a former epoch');
    // Nobody: what the node sent before it gave the partition back may arrive after that, as long as no other claims
    // it.
    const owner = this.partitions.ownerOf(partition);
    if (owner !== node.id && owner !== null) this.#note('a step was committed for a partition that another node owns');
  }

  /** Commits a command, and has it carried. */
  submit(id: InstanceId, command: Command): void {
    const store = this.instances.get(id);
    if (store !== undefined) this.mailbox.publish(store.submit(command, this.clock.now()));
  }

  sync(id: InstanceId): void {
    const config = {
      type: 'messages',
      depth: 'all',
      since: 0,
      until: null,
      channelId: null,
      conversationIds: null,
      refresh: this.chance.next() < SHARE_OF_REFRESHES,
    } as const;
    this.submit(id, { type: 'startSync', jobId: this.uuid() as JobId, config });
  }

  async wait(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    for (const heal of this.heals.splice(0).sort((a, b) => a.until - b.until)) {
      if (heal.until > end) this.heals.push(heal);
      else {
        await this.clock.advance(Math.max(0, heal.until - this.clock.now()), settled);
        heal.undo();
      }
    }
    await this.clock.advance(end - this.clock.now(), settled);
  }

  /** Nothing goes wrong any more: everything that was accepted runs, and whatever is asked for again is held. */
  async heal(): Promise<void> {
    for (const { undo } of this.heals.splice(0)) undo();
    for (const id of this.ids) this.submit(id, { type: 'connect' });
    await this.#over();
    for (const id of this.ids) this.sync(id);
    await this.#over();
    for (const id of this.ids) this.#judge(id);
  }

  async #over(): Promise<void> {
    const until = this.clock.now() + PATIENCE_MS;
    while (!this.ids.every((id) => this.isQuiet(id)) && this.clock.now() < until) await this.wait(1_000);
  }

  /** Whether everything that was asked of it is over. */
  isQuiet(id: InstanceId): boolean {
    const store = this.instances.get(id);
    if (store === undefined || store.rows.lastSeq < store.accepted) return false;
    return store.jobIds.every((jobId) => OVER.has(store.rows.jobs.get(jobId)?.status ?? 'pending'));
  }

  #judge(id: InstanceId): void {
    const store = this.instances.get(id);
    if (store === undefined) return;
    const { rows, accepted, jobIds } = store;
    if (rows.lastSeq !== accepted) this.#note(`${accepted - rows.lastSeq} commands were lost`);
    if (rows.deadLetters.length > 0) this.#note(`${rows.deadLetters.length} dead letters`);
    for (const jobId of jobIds) {
      const status = rows.jobs.get(jobId)?.status ?? 'never begun';
      if (status !== 'completed' && status !== 'cancelled') this.#note(`a job is ${status}`);
    }
    for (const { externalId, alive } of this.platformOf(id).conversations) {
      const known = rows.conversations.get(externalId);
      const held = known === undefined ? new Map() : rows.messagesOf(known.id);
      const missing = alive.filter((message) => !held.has(message.id));
      if (missing.length > 0) this.#note(`${missing.length} messages are missing`);
    }
  }

  /** Ends whatever still runs. */
  async close(): Promise<void> {
    let isOver = false;
    const ended = Promise.all(this.alive.filter(({ isEnding }) => !isEnding).map((node) => node.end())).then(() => {
      isOver = true;
    });
    while (!isOver) await this.wait(100);
    await ended;
  }
}
