import { Effect, type Scope } from 'effect';
import type { StoreUnavailable } from '../../domain/errors.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Log } from '../../domain/log.ts';
import type { SettingKey, Settings } from '../../domain/settings.ts';
import { startPerpetual } from '../../runtime/perpetual.ts';
import { inForce, type SettingChange, type SettingOwner, type SettingsStore, type StoredSettings } from './settings.ts';

/** How soon a change that another node has made is obeyed here. */
const LOOK_EVERY_MS = 500;

type Reaction = (changes: readonly SettingChange[]) => Effect.Effect<void>;

export interface SettingsInForce {
  /** Of an instance without settings of its own. */
  readonly current: () => Settings;
  readonly of: (id: InstanceId) => Settings;
  /** Takes up changes that were just committed. */
  readonly take: (changes: readonly SettingChange[]) => Effect.Effect<void>;
  /** Has `react` run after changes from now on. */
  readonly onChange: (react: Reaction) => void;
}

interface Held {
  readonly value: unknown;
  /** The change that brought it, or a later one. */
  readonly id: number;
}

/** What one owner has set, and what it has taken back. */
type Holding = Map<SettingKey, Held>;

const holdingOf = (set: Partial<Settings>, id: number): Holding =>
  new Map((Object.entries(set) as [SettingKey, unknown][]).map(([key, value]) => [key, { value, id }]));

const settingsOf = (holding: Holding | undefined): Partial<Settings> =>
  Object.fromEntries(
    [...(holding ?? [])].flatMap(([key, { value }]) => (value === undefined ? [] : [[key, value] as const])),
  );

/** What is set, kept up to date change by change: in whatever order they come, the latest of each setting wins. */
class Holdings {
  readonly #owners = new Map<SettingOwner, Holding>();

  constructor({ service, instances, upTo }: StoredSettings) {
    this.#owners.set(null, holdingOf(service, upTo));
    for (const [id, own] of instances) this.#owners.set(id, holdingOf(own, upTo));
  }

  of(id: InstanceId | null): Settings {
    const service = settingsOf(this.#owners.get(null));
    return id === null ? inForce(service) : inForce(service, settingsOf(this.#owners.get(id)));
  }

  /** False: it is known, or out of date. */
  hold({ owner, key, value, id }: SettingChange): boolean {
    const holding = this.#owners.get(owner) ?? new Map<SettingKey, Held>();
    this.#owners.set(owner, holding);
    if ((holding.get(key)?.id ?? -1) >= id) return false;
    holding.set(key, { value, id });
    return true;
  }
}

/**
 * The settings that this node goes by; with `others` it follows what other nodes change, until the scope closes. It
 * reads only what was changed since it last looked, however many instances have settings of their own.
 */
export const followSettings = (
  store: SettingsStore,
  others: boolean,
  log: Log,
): Effect.Effect<SettingsInForce, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const stored = yield* store.all;
    const holdings = new Holdings(stored);
    const reactions: Reaction[] = [];
    let seen = stored.upTo;
    const take = (changes: readonly SettingChange[]): Effect.Effect<void> =>
      Effect.suspend(() => {
        const news = changes.filter((change) => holdings.hold(change));
        return news.length === 0 ? Effect.void : Effect.forEach(reactions, (react) => react(news), { discard: true });
      });
    const look = Effect.gen(function* () {
      const changes = yield* store.changesSince(seen);
      // Only what was read in order moves this on: between two of one's own there may be somebody else's.
      seen = changes.at(-1)?.id ?? seen;
      yield* take(changes);
    });
    if (others) yield* startPerpetual('following settings', LOOK_EVERY_MS, look, log);
    return {
      current: () => holdings.of(null),
      of: (id) => holdings.of(id),
      take,
      onChange: (react) => void reactions.push(react),
    };
  });
