import { needAttr, needChild, node } from '../../wire/nodes.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import { type IqTable, OK } from './iq.ts';

const PRIVACY = {
  readreceipts: 'all',
  profile: 'contacts',
  status: 'contacts',
  online: 'all',
  last: 'contacts',
  groupadd: 'all',
  calladd: 'all',
  messages: 'all',
};

/** What a companion asks about itself when it connects, and what it tells. */
export const accountQueries: IqTable = {
  'get w:p ping': () => OK,
  'get abt props': () => ({
    content: [
      node('props', { protocol: '1', ab_key: '1', hash: 'f1x', refresh: '86400', refresh_id: '1' }, [
        node('prop', { config_code: '10518', config_value: '1' }),
      ]),
    ],
  }),
  'get blocklist ': () => ({ content: [node('list', { dhash: '1' }, [])] }),
  'get privacy privacy': () => ({
    content: [
      node(
        'privacy',
        {},
        Object.entries(PRIVACY).map(([name, value]) => node('category', { name, value })),
      ),
    ],
  }),
  'set privacy tokens': () => OK,
  'set urn:xmpp:whatsapp:dirty clean': () => OK,
  ' w:stats add': () => OK,
  'set md remove-companion-device': (iq, { account, device }) => {
    if (needAttr(needChild(iq, 'remove-companion-device'), 'jid') !== device.jid) {
      throw new ProtocolError('md', 'a companion may remove itself only');
    }
    account.removeDevice(device);
    return OK;
  },
  'get w:profile:picture picture': () => ({ error: { code: 404, text: 'item-not-found' } }),
};
