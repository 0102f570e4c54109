import { proto } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainJid } from '../../../../src/channels/whatsapp/addresses/jid.ts';
import { type Entry, entryOf } from '../../../../src/channels/whatsapp/mapping/message-mapping.ts';
import { numberOf, timeOfMs, timeOfSeconds } from '../../../../src/channels/whatsapp/mapping/wire-time.ts';

const NOW = 1_790_000_000_000;
const OWN = '491700000001@s.whatsapp.net';
const ADA = '491571000001@s.whatsapp.net';
const GROUP = '120363000000000001@g.us';

const map = (info: proto.IWebMessageInfo): Entry => entryOf(info, { ownJid: OWN, canonical: plainJid, now: NOW });

const from = (key: proto.IMessageKey, message: proto.IMessage | null, more: proto.IWebMessageInfo = {}): Entry =>
  map({ key: { remoteJid: ADA, fromMe: false, id: 'ID1', ...key }, messageTimestamp: 1_780_000_000, message, ...more });

/** What a message comes to: type and text. */
const said = (message: proto.IMessage): readonly unknown[] => {
  const entry = from({}, message);
  return entry.kind === 'message' ? [entry.message.type, entry.message.text] : [entry.kind];
};

const image = {
  mimetype: 'image/jpeg',
  caption: 'look',
  fileLength: 12_345,
  mediaKey: Buffer.from('key'),
  directPath: '/v/x',
  url: 'https://mmg.whatsapp.net/x',
  jpegThumbnail: Buffer.from('t'),
};

describe('what a message says', () => {
  it.each<readonly [string, proto.IMessage, readonly unknown[]]>([
    ['text', { conversation: 'hi' }, ['text', 'hi']],
    ['text with context', { extendedTextMessage: { text: 'hi' } }, ['text', 'hi']],
    ['an image', { imageMessage: image }, ['image', 'look']],
    ['a round video', { ptvMessage: { seconds: 3 } }, ['video', null]],
    ['a voice message', { audioMessage: { ptt: true } }, ['audio', null]],
    ['a document', { documentMessage: { fileName: 'a.pdf' } }, ['document', null]],
    ['a sticker', { stickerMessage: {} }, ['sticker', null]],
    ['a moving sticker', { lottieStickerMessage: { message: { stickerMessage: {} } } }, ['sticker', null]],
    ['a place', { locationMessage: { name: 'Pier', degreesLatitude: 1 } }, ['location', 'Pier']],
    [
      'contacts',
      { contactsArrayMessage: { contacts: [{ displayName: 'A' }, { displayName: 'B' }] } },
      ['contact', 'A, B'],
    ],
    ['a poll', { pollCreationMessageV3: { name: 'When?' } }, ['poll', 'When?']],
    [
      'a wrapped poll',
      { pollCreationMessageV4: { message: { pollCreationMessageV3: { name: 'When?' } } } },
      ['poll', 'When?'],
    ],
    ['a reaction', { reactionMessage: { text: '👍', key: { id: 'X' } } }, ['reaction', '👍']],
    ['a reaction taken back', { reactionMessage: { text: '', key: { id: 'X' } } }, ['reaction', null]],
    ['what disappears', { ephemeralMessage: { message: { conversation: 'soon gone' } } }, ['text', 'soon gone']],
    ['what is seen once', { viewOnceMessageV2: { message: { imageMessage: image } } }, ['image', 'look']],
    [
      'a document with caption',
      { documentWithCaptionMessage: { message: { documentMessage: { caption: 'read' } } } },
      ['document', 'read'],
    ],
    [
      'what another device sent',
      { deviceSentMessage: { message: { ephemeralMessage: { message: { conversation: 'mine' } } } } },
      ['text', 'mine'],
    ],
    ['buttons', { buttonsMessage: { contentText: 'choose' } }, ['text', 'choose']],
    ['an event', { eventMessage: { name: 'Regatta' } }, ['text', 'Regatta']],
    ['something new', { sendPaymentMessage: {} }, ['unknown', null]],
    ['a vote', { pollUpdateMessage: {} }, ['nothing']],
    ['keys alone', { senderKeyDistributionMessage: { groupId: GROUP } }, ['nothing']],
    ['context alone', { messageContextInfo: {} }, ['nothing']],
    [
      'disappearing messages',
      { protocolMessage: { type: proto.Message.ProtocolMessage.Type.EPHEMERAL_SETTING } },
      ['system', 'disappearing messages changed'],
    ],
    [
      'keys of the app state',
      { protocolMessage: { type: proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE } },
      ['nothing'],
    ],
  ])('is read: %s', (_, message, expected) => {
    expect(said(message)).toEqual(expected);
  });

  it('is the same after a journey over the wire', () => {
    const sent = proto.Message.encode({ ephemeralMessage: { message: { imageMessage: image } } }).finish();
    expect(said(proto.Message.decode(sent))).toEqual(['image', 'look']);
  });

  it('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 5 }), (anything) => {
        expect(['message', 'edit', 'deletion', 'malformed', 'nothing']).toContain(
          from({}, anything as proto.IMessage).kind,
        );
      }),
    );
  });
});

describe('what is told besides', () => {
  it('is the author: the partner, the owner, a member of the group', () => {
    const sender = (key: proto.IMessageKey): unknown => {
      const entry = from(key, { conversation: 'x' });
      return entry.kind === 'message' ? [entry.message.senderId, entry.message.isFromMe] : entry;
    };
    expect(sender({})).toEqual([ADA, false]);
    expect(sender({ fromMe: true })).toEqual([OWN, true]);
    expect(sender({ remoteJid: GROUP, participant: '491571000001:7@s.whatsapp.net' })).toEqual([ADA, false]);
    expect(sender({ remoteJid: GROUP, fromMe: true, participant: OWN })).toEqual([OWN, true]);
    expect(sender({ remoteJid: GROUP, participant: '123456789012345@lid' })).toEqual(['123456789012345@lid', false]);
  });

  it('is what media are, and what is answered, but no key, path or picture', () => {
    const entry = from(
      {},
      {
        imageMessage: {
          ...image,
          contextInfo: { stanzaId: 'Q1', participant: ADA, quotedMessage: { conversation: 'secret?' } },
        },
      },
    );
    if (entry.kind !== 'message') throw new Error(entry.kind);
    expect(entry.message.payload).toMatchObject({
      media: { type: 'image', mimeType: 'image/jpeg', size: 12_345, caption: 'look' },
      quoted: { id: 'Q1', participant: ADA },
    });
    expect(JSON.stringify(entry.message.payload)).not.toMatch(/mediaKey|directPath|mmg|Thumbnail|secret|quotedMessage/);
  });

  it('is an edit of the message that it names, or its deletion', () => {
    const Type = proto.Message.ProtocolMessage.Type;
    expect(
      from(
        {},
        {
          protocolMessage: {
            type: Type.MESSAGE_EDIT,
            key: { id: 'ID0' },
            editedMessage: { conversation: 'new' },
            timestampMs: 1_780_000_123_456,
          },
        },
      ),
    ).toMatchObject({
      kind: 'edit',
      message: { externalId: 'ID0', text: 'new', editedAt: 1_780_000_123_456, senderId: ADA },
    });
    expect(
      from(
        {},
        {
          editedMessage: {
            message: {
              protocolMessage: { type: Type.MESSAGE_EDIT, key: { id: 'ID0' }, editedMessage: { conversation: 'new' } },
            },
          },
        },
      ),
    ).toMatchObject({ kind: 'edit', message: { externalId: 'ID0', text: 'new', editedAt: 1_780_000_000_000 } });
    expect(from({}, { protocolMessage: { type: Type.REVOKE, key: { id: 'ID0' } } })).toEqual({
      kind: 'deletion',
      externalId: 'ID0',
    });
  });

  it('is a notice in words, of nobody unless somebody is named', () => {
    const Stub = proto.WebMessageInfo.StubType;
    expect(from({}, null, { messageStubType: Stub.E2E_ENCRYPTED })).toMatchObject({
      message: { type: 'system', text: 'e2e encrypted', senderId: null },
    });
    expect(
      from({ remoteJid: GROUP, participant: ADA }, null, {
        messageStubType: Stub.GROUP_CHANGE_SUBJECT,
        messageStubParameters: ['Rowing'],
      }),
    ).toMatchObject({ message: { type: 'system', text: 'group change subject: Rowing', senderId: ADA } });
    expect(from({}, null, { messageStubType: Stub.CIPHERTEXT })).toMatchObject({
      message: { type: 'unknown', text: null },
    });
    expect(from({}, null, { messageStubType: Stub.REVOKE })).toMatchObject({
      message: { type: 'system', text: 'message deleted', senderId: ADA },
    });
  });

  it('is what is wrong with it', () => {
    expect(from({ id: '' }, { conversation: 'x' })).toMatchObject({
      kind: 'malformed',
      malformed: { externalId: null, at: 1_780_000_000_000 },
    });
    expect(from({}, { conversation: 'x' }, { messageTimestamp: null })).toMatchObject({
      kind: 'malformed',
      malformed: { externalId: 'ID1', at: null },
    });
    expect(from({}, null)).toMatchObject({ kind: 'malformed', malformed: { externalId: 'ID1' } });
  });
});

describe('times', () => {
  it('are read as number, Long, {low, high} and text', () => {
    expect(
      [1_780_000_000, '1780000000', { low: 1_780_000_000, high: 0, unsigned: true }].map((value) =>
        timeOfSeconds(value, NOW),
      ),
    ).toEqual(Array(3).fill(1_780_000_000_000));
    expect(
      timeOfMs({ low: (1_780_000_123_456 % 2 ** 32) | 0, high: Math.floor(1_780_000_123_456 / 2 ** 32) }, NOW),
    ).toBe(1_780_000_123_456);
    expect([undefined, null, 0, -1, Number.NaN, {}, 'soon'].map((value) => timeOfSeconds(value, NOW))).toEqual(
      Array(7).fill(null),
    );
  });

  it('that lie absurdly far ahead are now', () => {
    expect(timeOfSeconds(NOW / 1000 + 3_600, NOW)).toBe(NOW + 3_600_000);
    expect(timeOfSeconds(99_999_999_999, NOW)).toBe(NOW);
  });

  it('survive being split into halves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (value) => {
        expect(numberOf({ low: Number(BigInt.asIntN(32, BigInt(value))), high: Math.floor(value / 2 ** 32) })).toBe(
          value,
        );
      }),
    );
  });
});
