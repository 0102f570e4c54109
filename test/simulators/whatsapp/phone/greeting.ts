import { setTimeout } from 'node:timers/promises';
import { proto } from '@whiskeysockets/baileys';
import type { MediaHost } from '../media/media-host.ts';
import type { Device } from '../server/device.ts';
import { sendHistory } from './history-sender.ts';
import type { Phone } from './phone.ts';
import { type PushOptions, planPush } from './push-plan.ts';

export interface GreetingParts {
  readonly phone: Phone;
  readonly media: MediaHost;
  readonly options: PushOptions;
  readonly now: () => number;
  /** Called before each notification of history. */
  readonly beforeHistory: () => void;
  /** Whether the next piece comes twice. */
  readonly isTwice: () => boolean;
  readonly signal: AbortSignal;
}

/**
 * What a phone does once for a companion it just linked: gives it the keys of the app state, then pushes history,
 * whether the companion listens or not. Goes on where it was when the simulator ended.
 */
export const greet = async (device: Device, parts: GreetingParts): Promise<void> => {
  const { phone, media, options, now, beforeHistory, isTwice, signal } = parts;
  const { state } = device;
  state.greeting ??= { startedAt: now(), sent: 0, isDone: false };
  const { greeting } = state;
  const { requiresFullSync: full, takesInlineBootstrap } = state;
  const pieces = planPush(phone.account.world, options, { now: greeting.startedAt, full });
  // The keys come first, then the pieces.
  for (const piece of [null, ...pieces].slice(greeting.sent)) {
    if (signal.aborted) return;
    if (piece === null) await shareKeys(phone, device, now());
    else {
      beforeHistory();
      const isInline = piece.syncType === 'INITIAL_BOOTSTRAP' && takesInlineBootstrap;
      const sending = { inlineBytes: isInline ? options.inlineBytes : -1, requestId: null };
      for (let left = isTwice() ? 2 : 1; left > 0; left--) await sendHistory(phone, media, device, piece, sending);
    }
    greeting.sent += 1;
    phone.account.changed();
    if (options.pauseMs > 0) await setTimeout(options.pauseMs, undefined, { signal }).catch(() => undefined);
  }
  greeting.isDone = true;
  phone.account.changed();
};

const shareKeys = (phone: Phone, device: Device, timestamp: number): Promise<string> => {
  const { keyId, keyData } = phone.account.state.appState;
  const fingerprint = { rawId: 1, currentIndex: 0, deviceIndexes: [0] };
  return phone.tell(device, {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE,
      appStateSyncKeyShare: { keys: [{ keyId: { keyId }, keyData: { keyData, fingerprint, timestamp } }] },
    },
  });
};
