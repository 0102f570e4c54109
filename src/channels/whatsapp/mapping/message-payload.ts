import type { proto } from '@whiskeysockets/baileys';
import { numberOf } from './wire-time.ts';

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** What opens a file or another message, where files lie, and pictures in a message: none of it belongs into a row. */
const DROPPED = /^(mediaKey|directPath|url$|staticUrl|thumbnail|encHandle|quotedMessage$|.*secret)/i;
const DEEPEST = 24;

const isBytes = (value: object): value is Uint8Array => value instanceof Uint8Array;

const isLong = (value: object): boolean => 'low' in value && 'high' in value && numberOf(value) !== null;

const objectOf = (value: object, depth: number): Json | null => {
  const entries = Object.entries(value).flatMap(([key, entry]): readonly (readonly [string, Json])[] => {
    if (DROPPED.test(key)) return [];
    if (key === 'fileSha256' && entry instanceof Uint8Array) return [[key, Buffer.from(entry).toString('base64')]];
    const json = jsonOf(entry, depth + 1);
    return json === null ? [] : [[key, json]];
  });
  return entries.length === 0 ? null : Object.fromEntries(entries);
};

/** As JSON, without bytes (keys, thumbnails, signatures), without anything empty. Null: nothing is left. */
const jsonOf = (value: unknown, depth = 0): Json | null => {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null || depth > DEEPEST || isBytes(value)) return null;
  if (isLong(value)) return numberOf(value);
  if (!Array.isArray(value)) return objectOf(value, depth);
  const entries = value.flatMap((entry) => jsonOf(entry, depth + 1) ?? []);
  return entries.length === 0 ? null : entries;
};

interface Media {
  readonly mimetype?: string | null;
  readonly fileLength?: unknown;
  readonly caption?: string | null;
  readonly fileName?: string | null;
  readonly seconds?: number | null;
  readonly width?: number | null;
  readonly height?: number | null;
}

const MEDIA = [
  ['image', 'imageMessage'],
  ['video', 'videoMessage'],
  ['video', 'ptvMessage'],
  ['audio', 'audioMessage'],
  ['document', 'documentMessage'],
  ['sticker', 'stickerMessage'],
] as const;

const mediaOf = (said: proto.IMessage): Json | null => {
  for (const [type, key] of MEDIA) {
    const media: Media | null | undefined = said[key];
    if (!media) continue;
    const { mimetype, fileLength, caption, fileName, seconds, width, height } = media;
    return jsonOf({ type, mimeType: mimetype, size: numberOf(fileLength), caption, fileName, seconds, width, height });
  }
  return null;
};

const contextOf = (said: proto.IMessage): proto.IContextInfo | null => {
  for (const value of Object.values(said)) {
    if (typeof value === 'object' && value !== null && 'contextInfo' in value && value.contextInfo)
      return value.contextInfo as proto.IContextInfo;
  }
  return null;
};

export interface PayloadOf {
  readonly info: proto.IWebMessageInfo;
  readonly said: proto.IMessage | null;
}

/**
 * What a row keeps of a message besides its text: `media` (type, mimeType, size in bytes, caption, fileName, …),
 * `quoted` and `reactsTo` (ids of other messages), and `message`, WhatsApp's own object (`WebMessageInfo`).
 */
export const payloadOf = ({ info, said }: PayloadOf): unknown => {
  const context = said === null ? null : contextOf(said);
  const quoted = context?.stanzaId ? { id: context.stanzaId, participant: context.participant } : null;
  return (
    jsonOf({
      media: said === null ? null : mediaOf(said),
      quoted,
      reactsTo: said?.reactionMessage?.key?.id ?? said?.encReactionMessage?.targetMessageKey?.id,
      message: info,
    }) ?? {}
  );
};

/** Raw entries that were no messages: as they came, without what `payloadOf` leaves out. */
export const rawOf = (value: unknown): unknown => jsonOf(value);
