import type { PageFailure } from '../../machines/sync-job-events.ts';
import type { PlatformFailure } from '../channels/platform-failure.ts';

/**
 * What becomes of each failure of a platform request:
 *
 * | failure            | fate                                                                         |
 * | ------------------ | ---------------------------------------------------------------------------- |
 * | RateLimited        | cool down until then: the conversation, or the whole instance                |
 * | AccessDenied       | leave the conversation, with its reason, until it answers again              |
 * | Unreachable        | wait and retry for as long as it takes; counts against nobody                |
 * | CredentialsRefused | wait: the connection is told the same, and parks the instance                |
 * | Silent             | go on from another message, then cool down, then leave the conversation      |
 * | NoAnchor           | leave the conversation, until a message of it is known                       |
 * | BadAnswer          | try five times, then leave the conversation, or that part of a list          |
 */
export const fateOf = (failure: PlatformFailure): PageFailure => {
  const { message } = failure;
  switch (failure._tag) {
    case 'RateLimited':
      return { kind: 'rateLimited', message };
    case 'AccessDenied':
      return { kind: 'accessDenied', message };
    case 'Unreachable':
    case 'CredentialsRefused':
      return { kind: 'unreachable', message };
    case 'Silent':
      return { kind: 'silent', message };
    case 'NoAnchor':
      return { kind: 'noAnchor', message };
    case 'BadAnswer':
      return { kind: 'badAnswer', message };
  }
};
