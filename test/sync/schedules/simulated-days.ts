import { Clock, Effect, Fiber } from 'effect';
import { StoreUnavailable } from '../../../src/domain/errors.ts';
import type { InstanceId } from '../../../src/domain/ids.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { ruleOf, type ScheduleName } from '../../../src/domain/schedule.ts';
import type { Settings } from '../../../src/domain/settings.ts';
import { type Scheduler, scheduler } from '../../../src/sync/schedules/scheduler.ts';
import { followSettings, type SettingsInForce } from '../../../src/sync/settings/settings-in-force.ts';
import { StoreRig } from '../../contract/store-driver.ts';
import { SimulatedClock } from '../../simulated-clock.ts';
import type { Chance } from '../../simulators/discord/chance.ts';

const MINUTE_MS = 60_000;
const MOST_SKEW_MS = 5_000;

interface Node {
  readonly rig: StoreRig;
  readonly settings: SettingsInForce;
  readonly skewMs: number;
  seen: number;
  /** ms; it looks at nothing before that */
  downUntil: number;
}

/** What became of one instance's share in a slot. */
export interface Share {
  readonly schedule: ScheduleName;
  readonly slotAt: number;
  readonly instanceId: InstanceId;
  /** null: skipped */
  readonly jobAt: number | null;
}

/** Several schedulers on one database, each with a clock of its own, in days that pass in seconds. */
export class SimulatedDays {
  now: number;
  readonly #nodes: readonly Node[];
  readonly #chance: Chance;
  /** How many of a hundred calls of the database fail, half of them after they were committed. */
  failing = 0;

  private constructor(nodes: readonly Node[], chance: Chance, startAt: number) {
    this.#nodes = nodes;
    this.#chance = chance;
    this.now = startAt;
  }

  static async open(databaseUrl: string, dataDir: string, nodes: number, chance: Chance, startAt: number) {
    const opened: Node[] = [];
    for (let n = 0; n < nodes; n++) {
      const rig = await StoreRig.open({
        name: `node ${n}`,
        prepare: async () => ({ databaseUrl, dataDir }),
        dispose: async () => {},
      });
      const settings = await Effect.runPromise(Effect.scoped(followSettings(rig.db.settings, false, silentLog)));
      const skewMs = Math.floor((chance.next() * 2 - 1) * MOST_SKEW_MS);
      opened.push({ rig, settings, skewMs, seen: 0, downUntil: 0 });
    }
    const days = new SimulatedDays(opened, chance, startAt);
    await days.#finishJobsAtOnce();
    return days;
  }

  /** Every job is over as soon as it is there: none that is still at work keeps a second one of its share away. */
  async #finishJobsAtOnce(): Promise<void> {
    await this.#rig.rows(`CREATE FUNCTION finish_at_once() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN NEW.status := 'completed'; RETURN NEW; END $$`);
    await this.#rig.rows(
      'CREATE TRIGGER finish_at_once BEFORE INSERT ON sync_jobs FOR EACH ROW EXECUTE FUNCTION finish_at_once()',
    );
  }

  async close(): Promise<void> {
    for (const { rig } of this.#nodes) await rig.close();
  }

  get #rig(): StoreRig {
    const [first] = this.#nodes;
    if (first === undefined) throw new Error('There is no node');
    return first.rig;
  }

  get nodes(): number {
    return this.#nodes.length;
  }

  /** An instance that was made at this time, connected. */
  async instance(): Promise<InstanceId> {
    const id = await this.#rig.instance();
    await this.#rig.rows(`UPDATE omni_instances SET created_at = $2, wanted = true, state = 'online' WHERE id = $1`, [
      id,
      new Date(this.now).toISOString(),
    ]);
    return id;
  }

  async setConnected(id: InstanceId, isConnected: boolean): Promise<void> {
    await this.#rig.rows('UPDATE omni_instances SET wanted = $2, state = $3 WHERE id = $1', [
      id,
      isConnected,
      isConnected ? 'online' : 'stopped',
    ]);
  }

  async put(values: Partial<Settings>): Promise<void> {
    await Effect.runPromise(this.#rig.db.settings.put(null, values, this.now));
  }

  kill(node: number, forMs: number): void {
    const killed = this.#nodes[node];
    if (killed !== undefined) killed.downUntil = this.now + forMs;
  }

  /** Lets time pass, with a look of every living node every `everyMs`: all at once, and now and then one dies of it. */
  async pass(ms: number, everyMs = 15 * MINUTE_MS): Promise<void> {
    const end = this.now + ms;
    while (this.now < end) {
      this.now = Math.min(end, this.now + Math.floor(everyMs * (0.5 + this.#chance.next())));
      await Promise.all(this.#nodes.filter(({ downUntil }) => downUntil <= this.now).map((node) => this.#look(node)));
    }
  }

  async #look(node: Node): Promise<void> {
    const changes = await Effect.runPromise(node.rig.db.settings.changesSince(node.seen));
    node.seen = changes.at(-1)?.id ?? node.seen;
    await Effect.runPromise(node.settings.take(changes));
    const clock = new SimulatedClock(this.now + node.skewMs);
    const look = Effect.ignore(this.#schedulerOf(node, clock).look).pipe(Effect.provideService(Clock.Clock, clock));
    const fiber = Effect.runFork(look);
    if (this.#chance.next() < 0.02) {
      await new Promise((resolve) => setImmediate(resolve));
      await Effect.runPromise(Fiber.interrupt(fiber));
    } else await Effect.runPromise(Fiber.join(fiber));
  }

  #schedulerOf({ rig, settings }: Node, clock: SimulatedClock): Scheduler {
    const { schedules, commands } = rig.db;
    return scheduler({
      store: {
        ...schedules,
        open: (name, now) => this.#frail(schedules.open(name, now)),
        skip: (run, reason, jobId, at) => this.#frail(schedules.skip(run, reason, jobId, at)),
      },
      bus: { submit: (id, command, claim) => this.#frail(commands.submit(id, command, clock.now(), claim)) },
      isEnabled: (name, id) => ruleOf(settings.of(id), name).enabled,
      uuid: () => crypto.randomUUID(),
      log: silentLog,
    });
  }

  /** The database is away at times: before the call, or after it has committed. */
  #frail<A, E>(call: Effect.Effect<A, E | StoreUnavailable>): Effect.Effect<A, E | StoreUnavailable> {
    return Effect.suspend(() => {
      const luck = this.#chance.next() * 100;
      const away = Effect.fail(new StoreUnavailable({ cause: 'injected' }));
      if (luck < this.failing / 2) return away;
      return luck < this.failing ? Effect.andThen(call, away) : call;
    });
  }

  /** The commands have run. */
  async runCommands(): Promise<void> {
    await this.#rig.rows('UPDATE omni_instances SET last_seq = next_seq - 1');
  }

  /** What is recorded of shares, settled ones only. */
  async shares(): Promise<readonly Share[]> {
    const rows = await this.#rig.rows<{
      schedule: ScheduleName;
      slotAt: Date;
      instanceId: InstanceId;
      jobAt: Date | null;
    }>(
      `SELECT schedule, slot_at AS "slotAt", schedule_runs.instance_id AS "instanceId", sync_jobs.created_at AS "jobAt"
       FROM schedule_runs LEFT JOIN sync_jobs ON sync_jobs.id = job_id AND outcome = 'started' AND sync_jobs.type = schedule
       WHERE outcome <> 'due'`,
    );
    return rows.map(({ slotAt, jobAt, ...row }) => ({
      ...row,
      slotAt: new Date(slotAt).getTime(),
      jobAt: jobAt === null ? null : new Date(jobAt).getTime(),
    }));
  }

  async jobs(): Promise<number> {
    const [row] = await this.#rig.rows<{ count: number }>('SELECT count(*)::int AS count FROM sync_jobs');
    return row?.count ?? 0;
  }
}
