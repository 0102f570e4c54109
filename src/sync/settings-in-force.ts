import { isDeepStrictEqual } from 'node:util';
import { Effect, type Scope } from 'effect';
import type { StoreUnavailable } from '../domain/errors.ts';
import type { Log } from '../domain/log.ts';
import type { Settings } from '../domain/settings.ts';
import { startPerpetual } from '../runtime/perpetual.ts';
import type { SettingsStore } from './catalogue.ts';

/** How soon a change that another node has made is obeyed here. */
const LOOK_EVERY_MS = 500;

export interface SettingsInForce {
  readonly current: () => Settings;
  /** Takes up settings that were just committed. */
  readonly take: (settings: Settings) => Effect.Effect<void>;
  /** Has `onChange` run for each change from now on. */
  readonly onChange: (react: (settings: Settings) => Effect.Effect<void>) => void;
}

/** The settings that this node goes by; with `others` it follows what other nodes change, until the scope closes. */
export const followSettings = (
  store: SettingsStore,
  others: boolean,
  log: Log,
): Effect.Effect<SettingsInForce, StoreUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    let current = yield* store.all;
    const reactions: ((settings: Settings) => Effect.Effect<void>)[] = [];
    const take = (settings: Settings): Effect.Effect<void> =>
      Effect.suspend(() => {
        if (isDeepStrictEqual(settings, current)) return Effect.void;
        current = settings;
        return Effect.forEach(reactions, (react) => react(settings), { discard: true });
      });
    if (others) {
      yield* startPerpetual('following settings', LOOK_EVERY_MS, Effect.flatMap(store.all, take), log);
    }
    return { current: () => current, take, onChange: (react) => void reactions.push(react) };
  });
