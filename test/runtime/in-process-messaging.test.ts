import { inProcessMessaging } from '../../src/runtime/messaging/messaging.ts';
import { carrierContract } from '../contract/carrier-contract.ts';
import { mailboxContract } from '../contract/mailbox-contract.ts';
import { wireContract } from '../contract/wire-contract.ts';

const name = 'a process that is alone';
const close = async (): Promise<void> => {};

mailboxContract({
  name,
  open: async () => {
    const { mailbox } = inProcessMessaging();
    return [mailbox, mailbox];
  },
  close,
});

carrierContract({
  name,
  open: async () => {
    const { carrier } = inProcessMessaging();
    return [carrier, carrier];
  },
  close,
});

wireContract({ name, open: async () => [inProcessMessaging().wire], close });
