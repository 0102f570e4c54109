/**
 * What a simulated WhatsApp holds, said once. All instants are ms since the epoch; a chat's times are whole seconds.
 */
export interface WorldPlan {
  /** The first is the default account. */
  readonly accounts: readonly AccountPlan[];
}

/** One owner with a phone. */
export interface AccountPlan {
  /** The owner's push name. */
  readonly name: string;
  /** Digits with country code, no plus: the account's own number. */
  readonly phoneNumber: string;
  readonly people?: readonly PersonPlan[];
  readonly chats: readonly ChatPlan[];
}

export interface PersonPlan {
  /** What plans and tests call them; unique within the account. */
  readonly name: string;
  readonly phoneNumber: string;
  /** What they call themselves; without it, `name`. Null: nobody was told. */
  readonly pushName?: string | null;
  /** What the owner's address book calls them; comes by app state. Without it they are not in it. */
  readonly savedAs?: string;
  /**
   * When a companion learns that phone number and LID are one person: `known` (the default) with everything that can
   * carry it, `late` only after the edit `revealMapping`.
   */
  readonly mapping?: 'known' | 'late';
}

/**
 * By which address the phone knows a direct chat, or the members of a group: phone number or LID. `migrating`: pushed
 * history still has the phone number, what is asked for and what comes live has the LID.
 */
export type Addressing = 'pn' | 'lid' | 'migrating';

export type ChatPlan = DirectPlan | GroupPlan | CommunityPlan | StatusPlan | NewsletterPlan;

export interface DirectPlan extends HistoryPlan {
  readonly kind: 'direct';
  /** Name of a person; the chat is called so too. */
  readonly with: string;
  readonly addressing?: Addressing;
}

export interface GroupPlan extends HistoryPlan {
  readonly kind: 'group';
  /** Subject, and what tests call it. */
  readonly name: string;
  readonly addressing?: 'pn' | 'lid';
  /** Names of people; the owner of the account is one more, unless `left`. */
  readonly members: readonly string[];
  readonly admins?: readonly string[];
  /** Name of the person who made it; without it, the owner of the account. */
  readonly creator?: string;
  readonly description?: string;
  readonly announce?: boolean;
  /** Name of a community that comes before it. */
  readonly community?: string;
  /** The account left it: the history is still there, the group is not listed. */
  readonly left?: boolean;
}

/** A community: its own jid holds no messages, its announcement group does. */
export interface CommunityPlan {
  readonly kind: 'community';
  readonly name: string;
  readonly members: readonly string[];
}

/** Status updates of others: never part of a sync. */
export interface StatusPlan extends HistoryPlan {
  readonly kind: 'status';
  readonly by: readonly string[];
}

/** A newsletter (channel): never part of a sync. */
export interface NewsletterPlan extends HistoryPlan {
  readonly kind: 'newsletter';
  readonly name: string;
}

/** `messages` spread between `from` (inclusive) and `to` (exclusive). */
export interface HistoryPlan {
  readonly messages?: number;
  readonly from?: number;
  readonly to?: number;
  /**
   * `plain`: text only. `mixed` (the default): every kind of message, replies, reactions, edits, deletions, system
   * stubs, NUL and broken UTF-8 in texts, several messages in one second.
   */
  readonly style?: 'plain' | 'mixed';
  /** Pushed history holds nothing of it, although the chat is listed: a walk finds no anchor. */
  readonly unpushed?: boolean;
}
