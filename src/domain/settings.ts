import { Schema } from 'effect';
import { SyncDepth } from './depth.ts';

const perMinute = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 1, maximum }));
const RateUnit = Schema.Literals(['request', 'message']);
const days = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3650 }));

/** The highest limit that may be set: far above any platform's, for tests and private servers. */
export const MAX_PER_MINUTE = 1_000_000;

/** Every setting by name: one schema drives validation, the API and its documentation. */
export const SETTINGS = {
  'sync.whatsapp.messagesPerMinute': {
    schema: perMinute(MAX_PER_MINUTE),
    default: 30,
    describe: 'Message requests to WhatsApp per minute and instance.',
  },
  'sync.whatsapp.contactsPerMinute': {
    schema: perMinute(MAX_PER_MINUTE),
    default: 60,
    describe: 'Contact and group requests to WhatsApp per minute and instance.',
  },
  'sync.whatsapp.rateUnit': {
    schema: RateUnit,
    default: 'request',
    describe: 'What one permit pays for: a request, or a single message.',
  },
  'sync.discord.messagesPerMinute': {
    schema: perMinute(MAX_PER_MINUTE),
    default: 50,
    describe: 'Message requests to Discord per minute and instance.',
  },
  'sync.discord.contactsPerMinute': {
    schema: perMinute(MAX_PER_MINUTE),
    default: 100,
    describe: 'Member, channel and thread requests to Discord per minute and instance.',
  },
  'sync.discord.rateUnit': {
    schema: RateUnit,
    default: 'request',
    describe: 'What one permit pays for: a request, or a single message.',
  },
  'sync.defaultDepth': { schema: SyncDepth, default: '7d', describe: 'How far back a sync goes that names no depth.' },
  'retention.finishedCommandsDays': { schema: days, default: 30, describe: 'Days that finished commands are kept.' },
  'retention.sentEventsDays': {
    schema: days,
    default: 7,
    describe: 'Days that delivered events are kept for live streams to resume.',
  },
  'retention.rawPayloadDays': {
    schema: Schema.NullOr(days),
    default: null,
    describe: "Days that a message's raw platform payload is kept; null keeps it for ever.",
  },
  'search.index': {
    schema: Schema.Boolean,
    default: false,
    describe: 'Whether message text has a trigram index: search is faster, storing slower.',
  },
} as const satisfies Record<
  string,
  { readonly schema: Schema.Top; readonly default: unknown; readonly describe: string }
>;

export type SettingKey = keyof typeof SETTINGS;
export type Settings = { readonly [K in SettingKey]: (typeof SETTINGS)[K]['schema']['Type'] };
export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];
export const DEFAULT_SETTINGS = Object.fromEntries(SETTING_KEYS.map((key) => [key, SETTINGS[key].default])) as Settings;
