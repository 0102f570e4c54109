import type { SocketConfig } from '@whiskeysockets/baileys';
import type { InstanceId } from '../../../domain/ids.ts';
import type { Log } from '../../../domain/log.ts';

type BaileysLogger = SocketConfig['logger'];

/** Baileys says so when history is kept from it, as it is here; `session-socket.ts` says why. */
const IS_MEANT = /DISABLING ALL SYNC/;

/**
 * What Baileys has to say, as far as it is worth a line: its warnings and errors, each as one sentence. The objects
 * that it logs along are dropped, since keys, QR codes and messages are among them. A collection of the app state
 * that it could not read in full it names in them, and tells of it in no other way: `onTrouble`.
 */
export const baileysLogger = (
  log: Log,
  instanceId: InstanceId,
  onTrouble: (collection: string) => void = () => {},
): BaileysLogger => {
  const pass = (about: unknown, words?: string): void => {
    if (typeof about === 'object' && about !== null && 'name' in about && typeof about.name === 'string')
      onTrouble(about.name);
    const sentence = typeof about === 'string' ? about : words;
    if (sentence === undefined || IS_MEANT.test(sentence)) return;
    log.warn({ instanceId, library: 'baileys' }, sentence.slice(0, 300));
  };
  const drop = (): void => {};
  const logger: BaileysLogger = {
    level: 'warn',
    child: () => logger,
    trace: drop,
    debug: drop,
    info: drop,
    warn: pass,
    error: pass,
  };
  return logger;
};
