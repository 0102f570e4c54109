import { inProcessMailbox } from '../../src/runtime/in-process-mailbox.ts';
import { mailboxContract } from '../contract/mailbox-contract.ts';

mailboxContract({
  name: 'a process that is alone',
  open: async () => {
    const mailbox = inProcessMailbox();
    return [mailbox, mailbox];
  },
  close: async () => {},
});
