import { createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { DEFAULT_ORIGIN, getMediaKeys, proto } from '@whiskeysockets/baileys';
import { Effect } from 'effect';
import { BadAnswer, Unreachable } from '../../platform-failure.ts';
import type { HistoryNotification } from '../keeping/awaited-answers.ts';
import { prefixOf } from '../socket/media-dispatcher.ts';

const MEDIA_HOST = 'https://mmg.whatsapp.net';
/** WhatsApp names the host of a file with it; any other host is not asked. */
const OWN_HOST = /(^|\.)whatsapp\.net$/;
const LIMIT_MS = 120_000;
const MOST_BYTES = 256 * 1024 * 1024;
/** The end of an encrypted file is a truncated HMAC (WhatsApp's encryption white paper, "Transmitting Media"). */
const MAC_BYTES = 10;

const inflated = promisify(inflate);

export interface HistoryFiles {
  /** Base such as `http://127.0.0.1:4001`; null: WhatsApp's own. */
  readonly mediaUrl: string | null;
}

const bad = (message: string): BadAnswer => new BadAnswer({ message, raw: null });
const unreachable = (message: string): Unreachable => new Unreachable({ message });

const hostOf = ({ mediaUrl }: HistoryFiles): string => mediaUrl ?? MEDIA_HOST;

/** Where the file lies: by its path on the media host, or by an address of WhatsApp's own. Null: nowhere. */
const addressOf = (files: HistoryFiles, { directPath }: HistoryNotification): URL | null => {
  if (!directPath) return null;
  try {
    const base = new URL(hostOf(files));
    const address = new URL(directPath.startsWith('/') ? `${prefixOf(base)}${directPath}` : directPath, base);
    return address.host === base.host && (files.mediaUrl !== null || OWN_HOST.test(address.hostname)) ? address : null;
  } catch {
    return null;
  }
};

const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown reason';
  const cause = error.cause instanceof Error ? error.cause.message : '';
  return (cause || error.message).slice(0, 200);
};

const fetched = async (address: URL): Promise<Buffer | BadAnswer | Unreachable> => {
  let response: Response;
  try {
    response = await fetch(address, { headers: { Origin: DEFAULT_ORIGIN }, signal: AbortSignal.timeout(LIMIT_MS) });
  } catch (error) {
    return unreachable(`The media host cannot be reached: ${wordsOf(error)}`);
  }
  if (!response.ok) {
    await response.body?.cancel();
    const message = `The media host answered ${response.status} for a history file.`;
    // 404 and 410: the file is gone, and only the phone could send it again. The others may be over soon.
    return response.status === 404 || response.status === 410 || response.status === 403
      ? bad(message)
      : unreachable(message);
  }
  if (Number(response.headers.get('content-length') ?? 0) > MOST_BYTES) {
    await response.body?.cancel();
    return bad('The history file is larger than any that WhatsApp makes.');
  }
  try {
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    return unreachable(`The history file was cut off: ${wordsOf(error)}`);
  }
};

const isHash = (bytes: Buffer, hash: Uint8Array | null | undefined): boolean =>
  !hash?.length || createHash('sha256').update(bytes).digest().equals(hash);

const decrypted = async (file: Buffer, notification: HistoryNotification): Promise<Buffer> => {
  const { mediaKey, fileEncSha256, fileSha256 } = notification;
  if (!mediaKey?.length) throw new Error('it comes without a key');
  if (!isHash(file, fileEncSha256)) throw new Error('it is not the announced one (hash of the encrypted file)');
  const { iv, cipherKey, macKey } = await getMediaKeys(mediaKey, 'md-msg-hist');
  const sealed = file.subarray(0, -MAC_BYTES);
  const mac = createHmac('sha256', macKey ?? Buffer.alloc(0))
    .update(iv)
    .update(sealed)
    .digest();
  const given = file.subarray(-MAC_BYTES);
  if (given.length !== MAC_BYTES || !timingSafeEqual(mac.subarray(0, MAC_BYTES), given))
    throw new Error('it was altered');
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  const open = Buffer.concat([decipher.update(sealed), decipher.final()]);
  if (!isHash(open, fileSha256)) throw new Error('it is not the announced one (hash of the file)');
  return open;
};

const decoded = (compressed: Uint8Array): Promise<proto.HistorySync> =>
  inflated(compressed, { maxOutputLength: 2 * MOST_BYTES }).then((bytes) => proto.HistorySync.decode(bytes));

/**
 * The history that a notification announces: carried along, or fetched from the media host, checked, decrypted. Makes
 * at most one request. Fails with `Unreachable` when it may be had later, with `BadAnswer` when it never will.
 */
export const readHistory = (
  files: HistoryFiles,
  notification: HistoryNotification,
): Effect.Effect<proto.HistorySync, BadAnswer | Unreachable> =>
  Effect.gen(function* () {
    const { initialHistBootstrapInlinePayload: inline } = notification;
    const address = addressOf(files, notification);
    if (!inline?.length && address === null) return yield* bad('The history notification names no file of WhatsApp.');
    return yield* Effect.tryPromise({
      try: async () => {
        if (inline?.length) return decoded(inline);
        const file = await fetched(address as URL);
        if (!Buffer.isBuffer(file)) throw file;
        return decoded(await decrypted(file, notification));
      },
      catch: (error) =>
        error instanceof BadAnswer || error instanceof Unreachable
          ? error
          : bad(`The history cannot be read: ${wordsOf(error)}`),
    });
  });
