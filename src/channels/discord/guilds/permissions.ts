import { PermissionFlagsBits, PermissionsBitField } from 'discord.js';
import { type ApiChannel, type ApiOverwrite, isVoice } from '../mapping/api-channel.ts';

/** Who the bot is in a guild. */
export interface Standing {
  readonly guildId: string;
  readonly ownerId: string | null;
  readonly botId: string;
  /** Permissions of each role of the guild; the role with the guild's own id is everyone's. */
  readonly roles: ReadonlyMap<string, bigint | null>;
  /** Roles the bot has, without everyone's. */
  readonly botRoles: readonly string[];
}

/** Bits as Discord writes them, in decimal; null: it is no number. */
export const legibleBits = (text: unknown): bigint | null => (/^\d+$/.test(`${text}`) ? BigInt(`${text}`) : null);

/** In an overwrite, what is no number grants and denies nothing. */
const bitsOf = (text: string | number | undefined): bigint => legibleBits(text) ?? 0n;

const allowed = (overwrites: readonly ApiOverwrite[]): bigint =>
  overwrites.reduce((bits, { allow }) => bits | bitsOf(allow), 0n);
const denied = (overwrites: readonly ApiOverwrite[]): bigint =>
  overwrites.reduce((bits, { deny }) => bits | bitsOf(deny), 0n);

/**
 * What the bot may do in a channel: its roles, then overwrites for everyone, for its roles, for itself (docs:
 * Permissions).
 */
export const permissionsIn = (standing: Standing, overwrites: readonly ApiOverwrite[]): PermissionsBitField => {
  const { guildId, botId, roles, botRoles } = standing;
  const base = [guildId, ...botRoles].reduce((bits, role) => bits | (roles.get(role) ?? 0n), 0n);
  if (standing.ownerId === botId || (base & PermissionFlagsBits.Administrator) !== 0n) {
    return new PermissionsBitField(PermissionsBitField.All);
  }
  const layers = [
    overwrites.filter(({ id }) => id === guildId),
    overwrites.filter(({ id }) => id !== guildId && botRoles.includes(id)),
    overwrites.filter(({ id }) => id === botId),
  ];
  return new PermissionsBitField(layers.reduce((bits, layer) => (bits & ~denied(layer)) | allowed(layer), base));
};

/** Why the history of a channel cannot be read, in words; null when it can. */
export const whyUnreadable = (permissions: PermissionsBitField, channel: ApiChannel): string | null => {
  const needed: readonly (readonly [string, bigint])[] = [
    ['View Channel', PermissionFlagsBits.ViewChannel],
    ['Read Message History', PermissionFlagsBits.ReadMessageHistory],
    ...(isVoice(channel) ? [['Connect', PermissionFlagsBits.Connect] as const] : []),
  ];
  const missing = needed.filter(([, bit]) => !permissions.has(bit)).map(([name]) => name);
  return missing.length === 0 ? null : `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing.`;
};

export const managesThreads = (permissions: PermissionsBitField): boolean =>
  permissions.has(PermissionFlagsBits.ManageThreads);
