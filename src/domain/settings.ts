import { Result, Schema } from 'effect';
import type { ChannelName } from './channel-name.ts';
import { parseCron } from './cron-expression.ts';
import { SyncDepth } from './depth.ts';
import { IN_WORDS } from './in-words.ts';
import { isTimeZone } from './time-zone.ts';

const perMinute = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 1, maximum }));
const RateUnit = Schema.Literals(['request', 'message']);
const days = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3650 }));

const CronText = Schema.String.check(
  Schema.makeFilter((text) => {
    const parsed = parseCron(text);
    return Result.isSuccess(parsed) || parsed.failure;
  }, IN_WORDS),
);

const TimeZone = Schema.String.check(
  Schema.makeFilter(
    (name) =>
      isTimeZone(name) || 'must be the IANA name of a time zone, such as Europe/Berlin, America/New_York or UTC',
    IN_WORDS,
  ),
);

const minutesOfADay = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 24 * 60 }));

/** What is known of a setting. */
interface SettingRule {
  readonly schema: Schema.Top;
  readonly default: unknown;
  readonly describe: string;
  /** Which instances may have a value of their own: none, any, or those of one channel. */
  readonly ofInstance?: 'any' | ChannelName;
}

/** The highest limit that may be set: far above any platform's, for tests and private servers. */
const MAX_PER_MINUTE = 1_000_000;

/** Every setting by name: one schema drives validation, the API and its documentation. */
export const SETTINGS = {
  'sync.whatsapp.messagesPerMinute': {
    schema: perMinute(MAX_PER_MINUTE),
    default: 30,
    describe: 'Message requests to WhatsApp per minute and instance.',
    ofInstance: 'whatsapp',
  },
  'sync.whatsapp.contactsPerMinute': {
    schema: perMinute(MAX_PER_MINUTE),
    default: 60,
    describe: 'Contact and group requests to WhatsApp per minute and instance.',
    ofInstance: 'whatsapp',
  },
  'sync.whatsapp.rateUnit': {
    schema: RateUnit,
    default: 'request',
    describe: 'What one permit pays for: a request, or a single message.',
    ofInstance: 'whatsapp',
  },
  'sync.discord.messagesPerMinute': {
    schema: perMinute(MAX_PER_MINUTE),
    default: 50,
    describe: 'Message requests to Discord per minute and instance.',
    ofInstance: 'discord',
  },
  'sync.discord.contactsPerMinute': {
    schema: perMinute(MAX_PER_MINUTE),
    default: 100,
    describe: 'Member, channel and thread requests to Discord per minute and instance.',
    ofInstance: 'discord',
  },
  'sync.discord.rateUnit': {
    schema: RateUnit,
    default: 'request',
    describe: 'What one permit pays for: a request, or a single message.',
    ofInstance: 'discord',
  },
  'sync.defaultDepth': {
    schema: SyncDepth,
    default: '7d',
    describe: 'How far back a sync goes that names no depth.',
    ofInstance: 'any',
  },
  'sync.onConnect': {
    schema: Schema.Boolean,
    default: true,
    describe: 'Whether an account is synced by itself: when it connects for the first time, and after a gap.',
    ofInstance: 'any',
  },
  'sync.contacts.scheduleEnabled': {
    schema: Schema.Boolean,
    default: true,
    describe: 'Whether contacts are synced on schedule.',
    ofInstance: 'any',
  },
  'sync.contacts.scheduleCron': {
    schema: CronText,
    default: '0 3 * * *',
    describe: 'When contacts are synced: minute, hour, day of month, month, day of week.',
  },
  'sync.groups.scheduleEnabled': {
    schema: Schema.Boolean,
    default: true,
    describe: 'Whether groups are synced on schedule.',
    ofInstance: 'any',
  },
  'sync.groups.scheduleCron': {
    schema: CronText,
    default: '30 3 * * *',
    describe: 'When groups are synced: minute, hour, day of month, month, day of week.',
  },
  'sync.scheduleTimeZone': {
    schema: TimeZone,
    default: 'UTC',
    describe: 'The time zone of the schedules, by its IANA name.',
  },
  'sync.scheduleSpreadMinutes': {
    schema: minutesOfADay,
    default: 30,
    describe: 'Minutes over which the jobs of a slot are spread, so that they do not all start at once.',
  },
  'retention.finishedCommandsDays': { schema: days, default: 30, describe: 'Days that finished commands are kept.' },
  'retention.finishedJobsDays': {
    schema: Schema.NullOr(days),
    default: 365,
    describe: 'Days that finished jobs are kept; null keeps them for ever.',
  },
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
} as const satisfies Record<string, SettingRule>;

export type SettingKey = keyof typeof SETTINGS;
export type Settings = { readonly [K in SettingKey]: (typeof SETTINGS)[K]['schema']['Type'] };
export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];
export const DEFAULT_SETTINGS = Object.fromEntries(SETTING_KEYS.map((key) => [key, SETTINGS[key].default])) as Settings;

/** Whether only the whole service has a value, and no instance one of its own. */
export const isOfService = (key: SettingKey): boolean => {
  const { ofInstance }: SettingRule = SETTINGS[key];
  return ofInstance === undefined;
};

/** Whether an instance of this channel may have a value of its own. */
export const isOfInstance = (key: SettingKey, channel: ChannelName): boolean => {
  const { ofInstance }: SettingRule = SETTINGS[key];
  return ofInstance === 'any' || ofInstance === channel;
};
