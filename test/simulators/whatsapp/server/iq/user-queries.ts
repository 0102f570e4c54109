import type { BinaryNode } from '@whiskeysockets/baileys';
import { bytesOf, childOf, childrenOf, needChild, node } from '../../wire/nodes.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import type { Person } from '../../world/person.ts';
import type { Asker, IqTable } from './iq.ts';

/** The person that a `<user>` of a query names: by address, or by `<contact>+number</contact>`. */
const personOf = (
  user: BinaryNode,
  { account }: Asker,
): { readonly jid: string; readonly person: Person | undefined } => {
  const { jid } = user.attrs;
  if (jid !== undefined) return { jid, person: account.world.personAt(jid) };
  const contact = childOf(user, 'contact');
  if (contact === undefined) throw new ProtocolError('usync', 'a <user> with neither address nor number');
  const named = `${bytesOf(contact).toString().replace('+', '')}@s.whatsapp.net`;
  return { jid: named, person: account.world.personAt(named) };
};

const devicesNode = (asker: Asker, person: Person | undefined): BinaryNode => {
  const isOwner = person === asker.account.world.owner;
  const linked = isOwner ? asker.account.linked : [];
  return node('devices', {}, [
    node('device-list', {}, [
      node('device', { id: '0' }),
      ...linked.map(({ id }) => node('device', { id: String(id), 'key-index': String(id) })),
    ]),
    node('key-index-list', { ts: '1' }),
  ]);
};

/** One protocol's answer for one user; null: nothing is known. */
const answerOf = (protocol: string, asker: Asker, person: Person | undefined): BinaryNode | null => {
  switch (protocol) {
    case 'devices':
      return devicesNode(asker, person);
    case 'lid':
      return person?.isMappingKnown === true ? node('lid', { val: person.lid }) : null;
    case 'contact':
      return node('contact', { type: person === undefined ? 'out' : 'in' });
    case 'status':
      return node('status', { t: '0' });
    case 'disappearing_mode':
      return node('disappearing_mode', { duration: '0', t: '0' });
    default:
      throw new ProtocolError('usync', `no protocol is called ${protocol}`);
  }
};

/** Who is who: devices, LIDs, whether a number is on WhatsApp. `USyncQuery.js` */
export const userQueries: IqTable = {
  'get usync usync': (iq, asker) => {
    const usync = needChild(iq, 'usync');
    const protocols = childrenOf(needChild(usync, 'query')).map(({ tag }) => tag);
    if (protocols.length === 0) throw new ProtocolError('usync', 'a query for nothing');
    const users = childrenOf(needChild(usync, 'list'), 'user').map((user) => {
      const { jid, person } = personOf(user, asker);
      const answers = protocols.map((protocol) => answerOf(protocol, asker, person));
      return node(
        'user',
        { jid },
        answers.filter((answer) => answer !== null),
      );
    });
    const { sid, context, mode } = usync.attrs;
    return {
      content: [
        node('usync', { sid, context, mode, index: '0', last: 'true' }, [
          node(
            'result',
            {},
            protocols.map((protocol) => node(protocol)),
          ),
          node('list', {}, users),
        ]),
      ],
    };
  },
};
