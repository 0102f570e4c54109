import type { Limits } from '../../../machines/rate-limit-context.ts';
import type { ChannelName } from '../../domain/channel-name.ts';
import type { InstanceId } from '../../domain/ids.ts';
import type { Settings } from '../../domain/settings.ts';
import type { InstanceProcess } from '../../runtime/instance/instance-process.ts';
import type { Mail } from '../../runtime/work.ts';
import type { SyncTransaction } from '../store.ts';
import type { SettingChange } from './settings.ts';

/** A channel's rate limits as the settings have them, per minute. */
export const limitsOf = (settings: Settings, channel: ChannelName, atOnce: number | null): Limits => ({
  messages: settings[`sync.${channel}.messagesPerMinute`],
  contacts: settings[`sync.${channel}.contactsPerMinute`],
  unit: settings[`sync.${channel}.rateUnit`],
  atOnce,
});

/** A step for those only whom a change concerns: most settings are no limits, and some are of one instance. */
export const limitsChanged =
  (changes: readonly SettingChange[], limits: (id: InstanceId, name: ChannelName) => Limits) =>
  ({ id, live }: InstanceProcess<SyncTransaction>): readonly Mail[] => {
    if (live === null) return [];
    const { channel } = live.rows;
    const isConcerned = changes.some(
      ({ owner, key }) => (owner === null || owner === id) && key.startsWith(`sync.${channel}.`),
    );
    return isConcerned ? [{ to: 'rate-limit', event: { type: 'limitsChanged', limits: limits(id, channel) } }] : [];
  };
