import type { Limits } from '../../../machines/rate-limit-context.ts';
import type { ChannelName } from '../../domain/channel-name.ts';
import type { Settings } from '../../domain/settings.ts';

/** A channel's rate limits as the settings have them, per minute. */
export const limitsOf = (settings: Settings, channel: ChannelName, atOnce: number | null): Limits => ({
  messages: settings[`sync.${channel}.messagesPerMinute`],
  contacts: settings[`sync.${channel}.contactsPerMinute`],
  unit: settings[`sync.${channel}.rateUnit`],
  atOnce,
});
