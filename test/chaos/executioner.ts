import type { Child } from '../harness/child.ts';
import type { DiscordSimulator } from '../simulators/discord/discord-simulator.ts';
import type { Kill } from './kill-plan.ts';

/** Silence on the platform after which a job is taken for stuck, ms: a busy machine may need half of it to start. */
const PATIENCE_MS = 90_000;

/** Calls back whenever a platform hears of the service. Returns how to stop. */
export type Hearing = (listener: () => void) => () => void;

/** Resolves as `work` does; rejects when the platform hears nothing for too long, or the service ends by itself. */
export const whileAnyoneHears = async <A>(
  hearing: Hearing,
  child: Child,
  work: Promise<A>,
  patienceMs = PATIENCE_MS,
): Promise<A> => {
  const { promise: given, reject } = Promise.withResolvers<never>();
  const giveUp = (why: string) => () => reject(new Error(`${why} The service said last:\n${child.output}`));
  const silence = setTimeout(giveUp('The job did not go on by itself.'), patienceMs);
  const stopListening = hearing(() => silence.refresh());
  const died = giveUp('The service ended by itself.');
  child.process.once('exit', died);
  try {
    return await Promise.race([work, given]);
  } finally {
    clearTimeout(silence);
    stopListening();
    child.process.off('exit', died);
  }
};

export const whileHeard = <A>(discord: DiscordSimulator, child: Child, work: Promise<A>): Promise<A> =>
  whileAnyoneHears((listener) => discord.requests.onRequest(listener), child, work);

/** Kills the service with SIGKILL at the kill's instant; resolves when it is dead. */
export const execute = async (discord: DiscordSimulator, child: Child, kill: Kill): Promise<void> => {
  const instant = Promise.withResolvers<void>();
  const strike = (): void => void child.process.kill('SIGKILL');
  let seen = 0;
  const stopListening = discord.requests.onRequest(() => {
    seen += 1;
    if (seen !== kill.request) return;
    instant.resolve();
    if (kill.drains) child.process.kill('SIGTERM');
    // With no delay in the very turn in which the platform decides its answer.
    if (kill.delayMs === 0) strike();
    else setTimeout(strike, kill.delayMs);
  });
  try {
    await whileHeard(discord, child, instant.promise);
    await child.ended();
  } finally {
    stopListening();
  }
};
