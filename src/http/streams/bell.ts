/** A signal that coalesces: rung once or often while nobody waits, it wakes the next one who does, once. */
export interface Bell {
  readonly ring: () => void;
  /** Resolves at the next ring, at once if it was rung since the last wait, or after `patienceMs`. */
  readonly wait: (patienceMs: number) => Promise<void>;
}

export const createBell = (): Bell => {
  let rung = false;
  let wake: (() => void) | null = null;
  return {
    ring: () => {
      rung = true;
      wake?.();
    },
    wait: async (patienceMs) => {
      if (!rung) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = setTimeout(resolve, patienceMs);
        wake = resolve;
        await promise;
        clearTimeout(timer);
        wake = null;
      }
      rung = false;
    },
  };
};
