import type { ConnectionReport } from '../channel.ts';
import type { ChunkStretch } from './history-chunk.ts';

/** What a history says of messages that may be held already: that they were deleted, or edited. */
export const changesOf = (stretches: readonly ChunkStretch[]): readonly ConnectionReport[] =>
  stretches.flatMap(({ conversation, deleted, edited }): readonly ConnectionReport[] => [
    ...(deleted.length === 0
      ? []
      : [
          {
            type: 'messagesDeleted' as const,
            conversationExternalId: conversation.externalId,
            externalIds: deleted,
          },
        ]),
    ...(edited.length === 0
      ? []
      : [{ type: 'messagesEdited' as const, messages: edited.map((message) => ({ conversation, message })) }]),
  ]);
