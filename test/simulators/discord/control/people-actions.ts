import type { World } from '../world/world.ts';
import { type Action, type Body, someTexts, textOf } from './body.ts';

const quietly = (body: Body) => ({ silent: body['silent'] === true });

const someText = <Field extends string>(body: Body, field: Field): { readonly [Name in Field]?: string } =>
  body[field] === undefined ? {} : ({ [field]: textOf(body, field) } as { readonly [Name in Field]?: string });

const someFlag = <Field extends string>(body: Body, field: Field): { readonly [Name in Field]?: boolean } => {
  if (body[field] === undefined) return {};
  if (typeof body[field] !== 'boolean') throw new TypeError(`${field} must be true or false.`);
  return { [field]: body[field] } as { readonly [Name in Field]?: boolean };
};

/** What may be done to guilds, channels and people. A guild is named by its id or its name. */
export const peopleActions = (world: World): Readonly<Record<string, Action>> => {
  const { desk } = world;
  const guildOf = (body: Body): string => desk.named(textOf(body, 'guildId')).id;
  return {
    'guilds/change': (body) =>
      desk.change(
        guildOf(body),
        { ...someText(body, 'name'), ...someText(body, 'ownerId'), ...someTexts(body, ['description']) },
        quietly(body),
      ),
    'guilds/delete': (body) => desk.delete(guildOf(body), quietly(body)),
    'guilds/down': (body) => desk.takeDown(guildOf(body), { undo: body['undo'] === true }),
    'channels/create': (body) => {
      const plan = { name: textOf(body, 'name'), ...someText(body, 'topic') };
      return { channelId: world.createChannel(guildOf(body), plan, quietly(body)).id };
    },
    'channels/change': (body) =>
      world.changeChannel(
        textOf(body, 'channelId'),
        { ...someText(body, 'name'), ...someTexts(body, ['topic']), ...someFlag(body, 'nsfw') },
        quietly(body),
      ),
    'channels/delete': (body) => world.deleteChannel(textOf(body, 'channelId'), quietly(body)),
    'members/join': (body) => ({
      userId: desk.join(guildOf(body), body['userId'] === undefined ? null : textOf(body, 'userId'), quietly(body)),
    }),
    'members/leave': (body) => desk.leave(guildOf(body), textOf(body, 'userId'), quietly(body)),
    'members/change': (body) =>
      desk.changeMember(
        guildOf(body),
        textOf(body, 'userId'),
        { ...someTexts(body, ['nick']), ...someFlag(body, 'isAdmin') },
        quietly(body),
      ),
    'users/rename': (body) =>
      desk.rename(
        textOf(body, 'userId'),
        { ...someText(body, 'username'), ...someTexts(body, ['globalName']) },
        quietly(body),
      ),
  };
};
