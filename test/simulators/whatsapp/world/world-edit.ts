import type { Content, Wrapping } from './message.ts';
import type { Addressing, PersonPlan } from './world-plan.ts';

/**
 * What can happen to an account while the simulator runs. `chat` and people by the names of the plan; `from` without a
 * value: the owner, on the phone. `at` in ms; without it, now. `silent`: companions are told nothing, as if it had
 * happened while the connection was deaf.
 */
export type WorldEdit = {
  readonly at?: number;
  readonly silent?: boolean;
} & (
  | {
      readonly edit: 'message';
      readonly chat: string;
      readonly from?: string;
      readonly id?: string;
      readonly content: Content;
      readonly wrapping?: Wrapping;
      readonly quotes?: string;
      /** By which address the companion hears of it; without it, as the phone knows the chat. */
      readonly address?: 'pn' | 'lid';
    }
  | {
      readonly edit: 'react';
      readonly chat: string;
      readonly messageId: string;
      readonly from?: string;
      readonly emoji: string;
      readonly id?: string;
    }
  | {
      readonly edit: 'editMessage';
      readonly chat: string;
      readonly messageId: string;
      readonly text: string;
      readonly id?: string;
    }
  | { readonly edit: 'revoke'; readonly chat: string; readonly messageId: string; readonly id?: string }
  | {
      readonly edit: 'renameGroup';
      readonly chat: string;
      readonly subject: string;
      readonly by?: string;
      readonly id?: string;
    }
  | {
      readonly edit: 'describeGroup';
      readonly chat: string;
      readonly description: string;
      readonly by?: string;
      readonly id?: string;
    }
  | {
      readonly edit: 'members';
      readonly chat: string;
      readonly change: 'add' | 'remove' | 'promote' | 'demote';
      /** Absent: the owner of the account. */
      readonly person?: string;
      readonly by?: string;
      readonly id?: string;
    }
  | {
      readonly edit: 'createGroup';
      readonly name: string;
      readonly members: readonly string[];
      /** Who made it; absent: the owner of the account. */
      readonly by?: string;
      readonly addressing?: 'pn' | 'lid';
      readonly community?: string;
      readonly id?: string;
    }
  /** Somebody writes for the first time: the chat is there, and empty. */
  | { readonly edit: 'newChat'; readonly person: PersonPlan; readonly addressing?: Addressing }
  | { readonly edit: 'pushName'; readonly person: string; readonly pushName: string }
  | { readonly edit: 'saveContact'; readonly person: string; readonly savedAs: string | null }
  | { readonly edit: 'revealMapping'; readonly person: string }
);
