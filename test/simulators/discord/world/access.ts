import { effectivePermissions, PERMISSION } from '../permissions.ts';
import type { Bot } from './bot.ts';
import { isPrivateThread, isVoice } from './channel.ts';
import type { Channel } from './guild.ts';

/** What a bot may do in a channel; a thread has the permissions of its parent. */
export const permissionsIn = (bot: Bot, channel: Channel): bigint => {
  const { guild } = channel;
  if (!guild.has(bot)) return 0n;
  const place = channel.thread === null ? channel : (channel.parent ?? channel);
  const bearer = { userId: bot.id, isOwner: false, roleIds: [guild.botRoleId] };
  return effectivePermissions(bearer, guild.id, guild.roles, place.overwrites);
};

export const may = (bot: Bot, channel: Channel, permission: bigint): boolean =>
  (permissionsIn(bot, channel) & permission) === permission;

/** Private threads are seen by their members and by those who manage threads; voice text also needs Connect. */
export const canView = (bot: Bot, channel: Channel): boolean => {
  const permissions = permissionsIn(bot, channel);
  if ((permissions & PERMISSION.ViewChannel) === 0n) return false;
  if (isVoice(channel) && (permissions & PERMISSION.Connect) === 0n) return false;
  if (!isPrivateThread(channel)) return true;
  return channel.thread?.joined.has(bot.id) === true || (permissions & PERMISSION.ManageThreads) !== 0n;
};

export const canReadHistory = (bot: Bot, channel: Channel): boolean =>
  channel.log !== null && canView(bot, channel) && may(bot, channel, PERMISSION.ReadMessageHistory);
