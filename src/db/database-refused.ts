import { Data } from 'effect';

/**
 * This build will not work with that database. The message says what to do; starting again without that changes
 * nothing.
 */
export class DatabaseRefused extends Data.TaggedError('DatabaseRefused')<{ readonly message: string }> {}
