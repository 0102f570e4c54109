import { Schema } from 'effect';

/** Why a walk of a conversation stopped where it did. Silence is never recorded as done. */
export const StopReason = Schema.Literals([
  'depth_reached',
  'start_of_history',
  'no_access',
  'phone_silent',
  'no_anchor',
  'platform_error',
  'cancelled',
]);
export type StopReason = typeof StopReason.Type;
