import { describe, expect, it } from 'vitest';
import type { ConnectionReport } from '../../../../src/channels/channel.ts';
import { refusalOf } from '../../../../src/channels/whatsapp/history/history.ts';
import { Reporting } from '../../../../src/channels/whatsapp/session/reporting.ts';
import { LearnedAlias, ListedContact } from '../../../../src/domain/contact.ts';
import { ExternalId } from '../../../../src/domain/ids.ts';

const opened: ConnectionReport = {
  type: 'connectionOpened',
  account: { externalId: '491700000001@s.whatsapp.net', name: null },
  continuity: 'one',
};
const lost: ConnectionReport = { type: 'connectionLost', fate: 'transient', code: 'connection_lost', message: 'gone' };
const deleted = (id: string): ConnectionReport => ({
  type: 'messagesDeleted',
  conversationExternalId: 'chat',
  externalIds: [id],
});
const named = (pushed: string): ConnectionReport => ({
  type: 'contactsArrived',
  contacts: [
    ListedContact.make({
      externalId: ExternalId.make('491571000001@s.whatsapp.net'),
      aliases: [],
      names: { pushed },
      phone: '+491571000001',
      isBot: false,
    }),
  ],
});

const reporting = () => {
  const told: ConnectionReport[] = [];
  return { told, reports: new Reporting((report) => told.push(report)) };
};

describe('reports', () => {
  it('of an account wait until it is said to be open, and again while it is interrupted', () => {
    const { told, reports } = reporting();
    reports.tell(deleted('a'));
    expect(told).toEqual([]);
    reports.say(opened);
    reports.say({ type: 'connectionInterrupted', message: 'a moment' });
    reports.tell(deleted('b'));
    reports.say(opened);
    expect(told.map(({ type }) => type)).toEqual([
      'connectionOpened',
      'messagesDeleted',
      'connectionInterrupted',
      'connectionOpened',
      'messagesDeleted',
    ]);
  });

  it('end with the loss of the connection, or with its end', () => {
    const { told, reports } = reporting();
    reports.say(opened);
    reports.say(lost);
    reports.tell(deleted('a'));
    reports.say(lost);
    expect(told).toEqual([opened, lost]);
    const other = reporting();
    other.reports.tell(deleted('a'));
    other.reports.end();
    other.reports.say(opened);
    expect(other.told).toEqual([]);
  });

  it('tell a name once, although it comes with every message', () => {
    const { told, reports } = reporting();
    reports.say(opened);
    for (const name of ['ada', 'ada', 'Ada', 'Ada', 'ada']) reports.tell(named(name));
    expect(told.slice(1)).toEqual([named('ada'), named('Ada'), named('ada')]);
  });

  it('tell thousands of aliases in portions, and none where there are none', () => {
    const { told, reports } = reporting();
    const aliases = Array.from({ length: 1_200 }, (_, at) =>
      LearnedAlias.make({
        alias: ExternalId.make(`${at}@lid`),
        externalId: ExternalId.make(`${at}@s.whatsapp.net`),
        phone: null,
      }),
    );
    reports.say(opened);
    reports.tell({ type: 'aliasesLearned', aliases: [] });
    reports.tell({ type: 'aliasesLearned', aliases });
    const portions = told.flatMap((report) => (report.type === 'aliasesLearned' ? [report.aliases] : []));
    expect(portions.map(({ length }) => length)).toEqual([500, 500, 200]);
    expect(portions.flat()).toEqual(aliases);
  });
});

describe('an acknowledgement with an error', () => {
  it('is a limit of the whole instance where it says so, and a bad answer otherwise', () => {
    expect(refusalOf('429')).toMatchObject({ _tag: 'RateLimited', scope: 'instance', retryAfterMs: null });
    expect(refusalOf('479')).toMatchObject({ _tag: 'BadAnswer' });
  });
});
