import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { permissionsIn, type Standing, whyUnreadable } from '../../../../src/channels/discord/guilds/permissions.ts';

const [GUILD, BOT, ROLE, OTHER, CHANNEL] = ['1001', '1002', '1003', '1004', '1005'];
const { ViewChannel, ReadMessageHistory, Connect, Administrator } = PermissionFlagsBits;
const READ = ViewChannel | ReadMessageHistory;

const standing = (change: Partial<Standing> = {}): Standing => ({
  guildId: GUILD,
  ownerId: OTHER,
  botId: BOT,
  roles: new Map([
    [GUILD, READ],
    [ROLE, 0n],
  ]),
  botRoles: [ROLE],
  ...change,
});
const overwrite = (id: string, { allow = 0n, deny = 0n }) => ({ id, allow: String(allow), deny: String(deny) });
const text = { id: CHANNEL, type: 0 };
const why = (who: Standing, overwrites: ReturnType<typeof overwrite>[], channel = text) =>
  whyUnreadable(permissionsIn(who, overwrites), channel);

describe('permissions', () => {
  it('come from the roles', () => {
    expect(why(standing(), [])).toBeNull();
    expect(why(standing({ roles: new Map([[GUILD, ViewChannel]]) }), [])).toBe('Read Message History is missing.');
    expect(
      why(
        standing({
          roles: new Map([
            [GUILD, 0n],
            [ROLE, READ],
          ]),
        }),
        [],
      ),
    ).toBeNull();
  });

  it('are changed for everyone, then for roles, then for the bot itself', () => {
    const everyone = overwrite(GUILD, { deny: READ });
    expect(why(standing(), [everyone])).toBe('View Channel and Read Message History are missing.');
    expect(why(standing(), [overwrite(ROLE, { allow: READ }), everyone])).toBeNull();
    expect(
      why(standing(), [everyone, overwrite(ROLE, { allow: READ }), overwrite(BOT, { deny: ReadMessageHistory })]),
    ).toBe('Read Message History is missing.');
  });

  it('are not changed by overwrites for others', () => {
    expect(why(standing(), [overwrite(OTHER, { deny: READ })])).toBeNull();
  });

  it('of one role that allows win over another that denies', () => {
    const who = standing({ botRoles: [ROLE, '1009'] });
    expect(why(who, [overwrite(ROLE, { deny: READ }), overwrite('1009', { allow: READ })])).toBeNull();
  });

  it('are complete for the owner and for administrators, whatever is denied', () => {
    const denied = [overwrite(GUILD, { deny: READ }), overwrite(BOT, { deny: READ })];
    expect(why(standing({ ownerId: BOT }), denied)).toBeNull();
    expect(
      why(
        standing({
          roles: new Map([
            [GUILD, 0n],
            [ROLE, Administrator],
          ]),
        }),
        denied,
      ),
    ).toBeNull();
  });

  it.each([2, 13])('of the text of a voice channel (%i) need Connect as well', (type) => {
    expect(why(standing(), [], { id: CHANNEL, type })).toBe('Connect is missing.');
    expect(why(standing({ roles: new Map([[GUILD, READ | Connect]]) }), [], { id: CHANNEL, type })).toBeNull();
  });
});
