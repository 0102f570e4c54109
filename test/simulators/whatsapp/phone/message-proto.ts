import { createHash } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import { type Content, type Message, textOf } from '../world/message.ts';

/** Where in a chat a message is: what its answers and edits are addressed by. */
export interface Place {
  readonly chatJid: string;
  /** Null: of the owner of the account, or in a direct chat. */
  readonly participant: string | null;
}

/** The message that a text answers, if the phone still has it. */
export interface Quoted {
  readonly message: Message;
  readonly participant: string;
}

/** Keys of media nobody downloads: they look right and lead nowhere. */
const mediaFields = (id: string, size: number, kind: string) => {
  const hash = (what: string): Buffer => createHash('sha256').update(`${id} ${what}`).digest();
  return {
    url: `https://mmg.whatsapp.net/v/t62.7118-24/${id}.enc?mms3=true`,
    directPath: `/v/t62.7118-24/${id}_n.enc?ccb=11-4&oh=${hash('oh').toString('hex').slice(0, 20)}&oe=7FFFFFFF`,
    mediaKey: hash(`key ${kind}`),
    fileSha256: hash('plain'),
    fileEncSha256: hash('sealed'),
    fileLength: size,
  };
};

const contextOf = (quoted: Quoted | null): { contextInfo?: proto.IContextInfo } =>
  quoted === null
    ? {}
    : {
        contextInfo: {
          stanzaId: quoted.message.id,
          participant: quoted.participant,
          quotedMessage: { conversation: textOf(quoted.message.content) },
        },
      };

const bare = (id: string, content: Content, quoted: Quoted | null): proto.IMessage => {
  switch (content.type) {
    case 'text':
      return quoted === null
        ? { conversation: content.text }
        : { extendedTextMessage: { text: content.text, ...contextOf(quoted) } };
    case 'image':
      return {
        imageMessage: {
          ...mediaFields(id, content.size, 'image'),
          mimetype: content.mimetype,
          caption: content.caption,
          height: 1200,
          width: 900,
        },
      };
    case 'video':
      return {
        videoMessage: {
          ...mediaFields(id, content.size, 'video'),
          mimetype: content.mimetype,
          caption: content.caption,
          seconds: 12,
        },
      };
    case 'audio':
      return {
        audioMessage: {
          ...mediaFields(id, content.size, 'audio'),
          mimetype: content.mimetype,
          seconds: content.seconds,
          ptt: true,
        },
      };
    case 'document':
      return {
        documentMessage: {
          ...mediaFields(id, content.size, 'document'),
          mimetype: content.mimetype,
          fileName: content.fileName,
          title: content.fileName,
          caption: content.caption,
        },
      };
    case 'sticker':
      return {
        stickerMessage: {
          ...mediaFields(id, content.size, 'sticker'),
          mimetype: content.mimetype,
          height: 512,
          width: 512,
        },
      };
    case 'location':
      return {
        locationMessage: { degreesLatitude: content.latitude, degreesLongitude: content.longitude, name: content.name },
      };
    case 'contact':
      return {
        contactMessage: {
          displayName: content.displayName,
          vcard: `BEGIN:VCARD\nVERSION:3.0\nFN:${content.displayName}\nTEL;waid=${content.phoneNumber}:+${content.phoneNumber}\nEND:VCARD`,
        },
      };
    case 'poll':
      return {
        pollCreationMessageV3: {
          name: content.question,
          options: content.options.map((optionName) => ({ optionName })),
          selectableOptionsCount: 1,
        },
        messageContextInfo: { messageSecret: createHash('sha256').update(id).digest() },
      };
    case 'system':
      return {};
  }
};

/** A message as its sender's phone puts it into words of the protocol, wrapping included. */
export const protoOf = ({ id, content, wrapping }: Message, quoted: Quoted | null): proto.IMessage => {
  const message = bare(id, content, quoted);
  switch (wrapping) {
    case 'ephemeral':
      return { ephemeralMessage: { message } };
    case 'viewOnce':
      return { viewOnceMessageV2: { message } };
    case 'documentWithCaption':
      return { documentWithCaptionMessage: { message } };
    case null:
      return message;
  }
};

export const stubType = (name: string): proto.WebMessageInfo.StubType => {
  const number: unknown = Object.entries(proto.WebMessageInfo.StubType).find(([known]) => known === name)?.[1];
  if (typeof number !== 'number') throw new RangeError(`No stub is called ${name}.`);
  return number;
};
