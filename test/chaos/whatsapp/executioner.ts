import type { Child } from '../../harness/child.ts';
import type { Sight } from '../../simulators/whatsapp/server/traffic-log.ts';
import type { WhatsAppSimulator } from '../../simulators/whatsapp/whatsapp-simulator.ts';
import { whileAnyoneHears } from '../executioner.ts';
import type { Chatter } from './chatter.ts';
import type { Kill } from './kill-plan.ts';

/** After so long without the sight that a kill waits for, the service dies where it is, ms: there may be nothing left to see. */
const IDLE_MS = 8_000;

const isSightOf = ({ log }: WhatsAppSimulator, { sight: wanted }: Kill, sight: Sight): boolean => {
  if (wanted === 'historyReceipt') return sight === 'receipt' && log.receipts.at(-1)?.type === 'hist_sync';
  // Somebody writes while the service is busy with something else.
  if (wanted === 'live') return sight === 'stanza' || sight === 'delivery';
  return sight === wanted;
};

/** Kills the service with SIGKILL at the kill's instant; resolves when it is dead, with whether it saw what it waited for. */
export const execute = async (
  whatsapp: WhatsAppSimulator,
  chatter: Chatter,
  child: Child,
  kill: Kill,
): Promise<boolean> => {
  const strike = (): void => void child.process.kill('SIGKILL');
  let hasSeen = false;
  let seen = 0;
  const idle = setTimeout(strike, IDLE_MS);
  const stop = whatsapp.log.watch((sight) => {
    if (hasSeen) return;
    idle.refresh();
    if (!isSightOf(whatsapp, kill, sight)) return;
    seen += 1;
    if (seen !== kill.nth) return;
    hasSeen = true;
    clearTimeout(idle);
    if (kill.sight === 'live') for (let words = 0; words < 3; words++) chatter.something();
    // With no delay in the very turn of the sight.
    if (kill.delayMs === 0) strike();
    else setTimeout(strike, kill.delayMs);
  });
  try {
    await child.ended();
    return hasSeen;
  } finally {
    clearTimeout(idle);
    stop();
  }
};

/** Resolves as `work` does; rejects when WhatsApp hears nothing for too long, or the service ends by itself. */
export const whileWhatsAppHears = <A>(whatsapp: WhatsAppSimulator, child: Child, work: Promise<A>): Promise<A> =>
  whileAnyoneHears((listener) => whatsapp.log.watch(listener), child, work);
