import { isJidGroup } from '@whiskeysockets/baileys';
import type { Anchor } from '../../../domain/anchor.ts';
import type { ListedConversation } from '../../../domain/conversation.ts';
import { ExternalId } from '../../../domain/ids.ts';

export interface ConversationOf {
  /** Canonical. */
  readonly jid: string;
  readonly name?: string | null | undefined;
  readonly createdAt?: number | null | undefined;
  readonly parent?: string | null | undefined;
  /** A community itself holds no messages; its groups do. */
  readonly isCommunity?: boolean | null | undefined;
  readonly newest?: Anchor;
}

export const conversationOf = (told: ConversationOf): ListedConversation => ({
  externalId: ExternalId.make(told.jid),
  parentExternalId: told.parent || null,
  kind: isJidGroup(told.jid) ? 'group' : 'direct',
  name: told.name || null,
  createdAt: told.createdAt ?? null,
  ...(told.newest === undefined ? {} : { newest: told.newest }),
  unreadable: null,
  holdsMessages: told.isCommunity !== true,
});
