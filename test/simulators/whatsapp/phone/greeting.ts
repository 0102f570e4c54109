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
  readonly signal: AbortSignal;
}

/** What a phone does once for a companion it just linked: gives it the keys of the app state, then pushes history. */
export const greet = async (device: Device, parts: GreetingParts): Promise<void> => {
  const { phone, media, options, now, beforeHistory, signal } = parts;
  if (device.state.isGreeted) return;
  device.state.isGreeted = true;
  const { appState } = phone.account.state;
  await phone.tell(device, {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE,
      appStateSyncKeyShare: {
        keys: [
          {
            keyId: { keyId: appState.keyId },
            keyData: {
              keyData: appState.keyData,
              fingerprint: { rawId: 1, currentIndex: 0, deviceIndexes: [0] },
              timestamp: now(),
            },
          },
        ],
      },
    },
  });
  const { requiresFullSync, takesInlineBootstrap } = device.state;
  for (const piece of planPush(phone.account.world, options, { now: now(), full: requiresFullSync })) {
    const isInline = piece.syncType === 'INITIAL_BOOTSTRAP' && takesInlineBootstrap;
    beforeHistory();
    await sendHistory(phone, media, device, piece, {
      inlineBytes: isInline ? options.inlineBytes : -1,
      requestId: null,
    });
    if (options.pauseMs > 0) await setTimeout(options.pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
  }
};
