import type { Channel } from './guild.ts';

export const CATEGORY = 4;
export const VOICE = 2;
const STAGE = 13;
const FORUM = 15;
const MEDIA = 16;
const PRIVATE_THREAD = 12;

export const isForum = ({ type }: Channel): boolean => type === FORUM || type === MEDIA;
export const isPrivateThread = ({ type }: Channel): boolean => type === PRIVATE_THREAD;
export const isVoice = ({ type }: Channel): boolean => type === VOICE || type === STAGE;
export const holdsMessages = ({ type }: { readonly type: number }): boolean =>
  type !== CATEGORY && type !== FORUM && type !== MEDIA;
/** Text, announcement, forum and media channels have threads. */
export const canHaveThreads = ({ type }: Channel): boolean =>
  type === 0 || type === 5 || type === FORUM || type === MEDIA;
