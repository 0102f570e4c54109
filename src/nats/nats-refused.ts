import { Data } from 'effect';

/** NATS as it is set up cannot be used. The message says what to do; starting again without that changes nothing. */
export class NatsRefused extends Data.TaggedError('NatsRefused')<{ readonly message: string }> {}
