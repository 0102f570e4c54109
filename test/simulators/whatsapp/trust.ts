import { WA_CERT_DETAILS } from '@whiskeysockets/baileys';
import { SIMULATOR_ROOT } from './wire/root-key.ts';

/**
 * Makes the Baileys of THIS process believe the simulator's certificates instead of WhatsApp's. For tests only:
 * production code has no way to do this. Returns how to undo it.
 */
export const trustSimulator = (): (() => void) => {
  const own = WA_CERT_DETAILS.PUBLIC_KEY;
  WA_CERT_DETAILS.PUBLIC_KEY = SIMULATOR_ROOT.public;
  return () => {
    WA_CERT_DETAILS.PUBLIC_KEY = own;
  };
};
