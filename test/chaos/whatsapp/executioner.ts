import type { Child } from '../../harness/child.ts';
import type { Sight } from '../../simulators/whatsapp/server/traffic-log.ts';
import type { WhatsAppSimulator } from '../../simulators/whatsapp/whatsapp-simulator.ts';
import { type Hearing, whileAnyoneHears } from '../executioner.ts';
import type { Chatter } from './chatter.ts';
import type { Kill } from './kill-plan.ts';

/**
 * So long after the last sight a service that has begun dies where it is, ms: what the kill waits for may never come.
 */
const IDLE_MS = 6_000;

/**
 * A phone that did not answer twice, 30 s each time, is left alone for a minute or more before it is asked again, ms.
 */
const PATIENCE_MS = 240_000;

const isSightOf = ({ log }: WhatsAppSimulator, { sight: wanted }: Kill, sight: Sight): boolean => {
  if (wanted === 'historyReceipt') return sight === 'receipt' && log.receipts.at(-1)?.type === 'hist_sync';
  // Somebody writes while the service is busy with something else.
  if (wanted === 'live') return sight === 'stanza' || sight === 'delivery';
  return sight === wanted;
};

/** Pings alone are no sign of work. */
const hearingOf =
  (whatsapp: WhatsAppSimulator): Hearing =>
  (listener) =>
    whatsapp.log.watch((sight) => {
      if (sight !== 'stanza') listener();
    });

/** Resolves as `work` does; rejects when WhatsApp hears of no work for too long, or the service ends by itself. */
export const whileWhatsAppHears = <A>(whatsapp: WhatsAppSimulator, child: Child, work: Promise<A>): Promise<A> =>
  whileAnyoneHears(hearingOf(whatsapp), child, work, PATIENCE_MS);

/**
 * Kills the service with SIGKILL at the kill's instant; resolves when it is dead, with whether that was the instant.
 */
export const execute = async (
  whatsapp: WhatsAppSimulator,
  chatter: Chatter,
  child: Child,
  kill: Kill,
): Promise<boolean> => {
  const { promise: struck, resolve } = Promise.withResolvers<boolean>();
  let idle: NodeJS.Timeout | null = null;
  let seen = 0;
  const strike = (isInstant: boolean): void => {
    child.process.kill('SIGKILL');
    resolve(isInstant);
  };
  const stop = whatsapp.log.watch((sight) => {
    if (seen >= kill.nth) return;
    idle ??= setTimeout(() => strike(false), IDLE_MS);
    idle.refresh();
    if (!isSightOf(whatsapp, kill, sight)) return;
    seen += 1;
    if (seen < kill.nth) return;
    clearTimeout(idle);
    if (kill.sight === 'live') for (let words = 0; words < 3; words++) chatter.something();
    // With no delay in the very turn of the sight.
    if (kill.delayMs === 0) strike(true);
    else setTimeout(() => strike(true), kill.delayMs);
  });
  try {
    // A restart is heard as soon as it has logged in.
    const everything: Hearing = (listener) => whatsapp.log.watch(listener);
    const isInstant = await whileAnyoneHears(everything, child, struck);
    await child.ended();
    return isInstant;
  } finally {
    if (idle !== null) clearTimeout(idle);
    stop();
  }
};
