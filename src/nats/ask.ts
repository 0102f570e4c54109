import { createInbox, type Msg } from '@nats-io/transport-node';
import { Effect } from 'effect';
import type { NatsLink } from './nats-link.ts';

/** A status that NATS itself answers with when nobody listens. */
const isNobodyThere = ({ headers, data }: Msg): boolean => data.length === 0 && headers?.code === 503;

/** Asks all who listen, until `hear` has heard enough, nobody is there, or `patienceMs` have passed. */
export const ask = (
  link: NatsLink,
  subject: string,
  question: string,
  hear: (answer: Msg) => boolean,
  patienceMs: number,
): Effect.Effect<void> => {
  const answered = Effect.callback<void>((resume) => {
    const connection = link.session?.connection;
    if (connection === undefined) return resume(Effect.void);
    const inbox = createInbox();
    const subscription = connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null || isNobodyThere(message) || hear(message)) resume(Effect.void);
      },
    });
    connection.publish(subject, question, { reply: inbox });
    return Effect.sync(() => subscription.unsubscribe());
  });
  return Effect.asVoid(Effect.timeoutOption(answered, patienceMs));
};
