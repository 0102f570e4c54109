import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPage } from '../../../../src/channels/discord/history/message-page.ts';
import { messageOf, readMessage } from '../../../../src/channels/discord/mapping/message-mapping.ts';

const CHANNEL = '400000000000000001';
const BOT = '400000000000000002';
const base = {
  id: '400000000000000003',
  channel_id: CHANNEL,
  type: 0,
  content: 'ahoy',
  timestamp: '2026-01-02T03:04:05.678000+00:00',
  edited_timestamp: null,
  author: { id: '400000000000000004', username: 'somebody' },
  attachments: [],
  embeds: [],
};

const map = (change: object) => {
  const entry = { ...base, ...change };
  const read = readMessage(entry);
  if (typeof read === 'string') throw new Error(read);
  return messageOf(read, entry, BOT);
};

describe('a message', () => {
  it('keeps its words, its time and its whole payload', () => {
    expect(map({})).toEqual({
      externalId: base.id,
      senderId: base.author.id,
      isFromMe: false,
      type: 'text',
      text: 'ahoy',
      payload: base,
      timestamp: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      editedAt: null,
    });
  });

  it.each([
    ['image', { attachments: [{ content_type: 'image/png' }] }],
    ['video', { attachments: [{ content_type: 'video/mp4' }] }],
    ['audio', { attachments: [{ content_type: 'audio/ogg; codecs=opus' }] }],
    ['document', { attachments: [{ content_type: 'application/pdf' }] }],
    ['document', { attachments: [{ filename: 'README' }] }],
    ['sticker', { content: '', sticker_items: [{ name: 'wave' }] }],
    ['poll', { content: '', poll: { question: { text: 'tea?' } } }],
    ['embed', { content: '', embeds: [{ title: 'A page' }] }],
    ['text', { embeds: [{ title: 'A page' }] }],
    ['text', { type: 19 }],
    ['text', { type: 20 }],
    ['text', { type: 23 }],
    ['system', { type: 7, content: '' }],
    ['system', { type: 9_999, content: '' }],
  ])('is of type %s with %j', (type, change) => {
    expect(map(change).type).toBe(type);
  });

  it.each([
    ['tea?', { content: '', poll: { question: { text: 'tea?' } } }],
    ['A page\nabout tea', { content: '', embeds: [{ title: 'A page', description: 'about tea' }] }],
    ['forwarded', { content: '', message_snapshots: [{ message: { content: 'forwarded' } }] }],
    ['user join', { type: 7, content: '' }],
    [null, { content: '' }],
  ])('has the text %j with %j', (text, change) => {
    expect(map(change).text).toBe(text);
  });

  it('of a webhook is sent by the webhook', () => {
    expect(map({ author: { id: '5', username: 'hook' }, webhook_id: '5' }).senderId).toBe('5');
  });
});

describe('a page of messages', () => {
  it('reads whatever a server may send, and loses count of nothing that has an id', () => {
    const entry = fc.oneof(
      fc.record({
        ...Object.fromEntries(
          Object.entries(base).map(([key, value]) => [key, fc.oneof(fc.constant(value), fc.anything())]),
        ),
      }),
      fc.bigInt(1n, 1n << 60n).map((id) => ({ ...base, id: String(id) })),
      fc.anything(),
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), fc.bigInt(1n, 1n << 60n), (entries, bound) => {
        const page = readPage(entries, { channelId: CHANNEL, bound: String(bound), botId: BOT });
        const ids = page.messages.map(({ externalId }) => BigInt(externalId));
        expect(ids).toEqual([...new Set(ids)].sort((a, b) => (a < b ? 1 : -1)));
        expect(ids.every((id) => id < bound)).toBe(true);
        expect(page.messages.length + page.malformed.length).toBeLessThanOrEqual(entries.length);
        if (page.oldest?.id) expect(BigInt(page.oldest.id)).toBeLessThan(bound);
      }),
    );
  });

  it('gets past a broken entry at its end', () => {
    const entries = [base, { ...base, id: '399999999999999999', content: 7 }];
    const page = readPage(entries, { channelId: CHANNEL, bound: null, botId: BOT });
    expect(page.oldest?.id).toBe('399999999999999999');
    expect(page.malformed).toMatchObject([{ externalId: '399999999999999999', at: expect.any(Number) }]);
  });
});
