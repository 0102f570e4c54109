import type { Person } from './person.ts';

/** What a message holds. Sizes in bytes. */
export type Content =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly caption: string | null; readonly mimetype: string; readonly size: number }
  | { readonly type: 'video'; readonly caption: string | null; readonly mimetype: string; readonly size: number }
  | { readonly type: 'audio'; readonly mimetype: string; readonly size: number; readonly seconds: number }
  | {
      readonly type: 'document';
      readonly fileName: string;
      readonly caption: string | null;
      readonly mimetype: string;
      readonly size: number;
    }
  | { readonly type: 'sticker'; readonly mimetype: string; readonly size: number }
  | { readonly type: 'location'; readonly latitude: number; readonly longitude: number; readonly name: string | null }
  | { readonly type: 'contact'; readonly displayName: string; readonly phoneNumber: string }
  | { readonly type: 'poll'; readonly question: string; readonly options: readonly string[] }
  /** Nobody wrote it: a stub of `WebMessageInfo.StubType`, by name. */
  | { readonly type: 'system'; readonly stub: string; readonly parameters: readonly string[] };

/** In what a message is wrapped on the wire. */
export type Wrapping = 'ephemeral' | 'viewOnce' | 'documentWithCaption';

export interface Reaction {
  /** Of the message that carried it. */
  readonly id: string;
  /** Null: the owner of the account. */
  readonly by: Person | null;
  readonly emoji: string;
  /** Seconds. */
  readonly at: number;
}

/** One message as the phone holds it. */
export interface Message {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly at: number;
  /** Null: the owner of the account. For a system stub: who caused it. */
  readonly author: Person | null;
  content: Content;
  readonly wrapping: Wrapping | null;
  /** The id of the message that it answers, in the same chat. */
  readonly quotes: string | null;
  reactions: Reaction[];
  /** Seconds; set when a companion was told of the edit, since history shows an edited message without a trace. */
  editedAt: number | null;
  /** Revoked by its author: the phone shows that it was there, and nothing more. */
  revokedAt: number | null;
}

/** What one reads of it: the text, the caption, the question, the name. */
export const textOf = (content: Content): string => {
  switch (content.type) {
    case 'text':
      return content.text;
    case 'image':
    case 'video':
    case 'document':
      return content.caption ?? '';
    case 'poll':
      return content.question;
    default:
      return '';
  }
};
