import { type Answer, cloudflarePage, json, jsonText } from '../rest/answer.ts';
import type { MemberDefect, MessageDefect, RateLimitedFault, RestFault } from './fault.ts';

/** The answer that a client gets instead of the right one. Cuts, resets and delays are the connection's affair. */
export const spoil = (fault: Exclude<RestFault, RateLimitedFault>, right: Answer): Answer => {
  switch (fault.kind) {
    case 'status':
      return json(fault.status, { message: fault.message ?? `${fault.status}: Server Error`, code: fault.code ?? 0 });
    case 'html':
      return cloudflarePage(fault.status ?? 502, 'Bad gateway');
    case 'notJson':
      return { ...right, status: 200, body: 'upstream connect error or disconnect/reset before headers' };
    case 'wrongShape':
      return jsonText(200, right.body.startsWith('[') ? `{"messages":${right.body}}` : '[]', right.headers);
    case 'malformedMessage':
      return { ...right, body: withDefect(right.body, (entry) => defectiveMessage(entry, fault.defect)) };
    case 'malformedMember':
      return { ...right, body: withDefect(right.body, (entry) => defectiveMember(entry, fault.defect)) };
    case 'cutBody':
    case 'reset':
    case 'slow':
      return right;
  }
};

type Entry = Record<string, unknown>;

/** Breaks the entry in the middle of a list, and leaves its neighbours whole. */
const withDefect = (body: string, breakUp: (entry: Entry) => unknown): string => {
  const list: unknown = JSON.parse(body);
  if (!Array.isArray(list) || list.length === 0) return body;
  const at = Math.floor(list.length / 2);
  return JSON.stringify(list.with(at, breakUp(list[at] as Entry)));
};

const defectiveMessage = ({ id, timestamp, ...rest }: Entry, defect: MessageDefect): unknown => {
  const broken: Record<MessageDefect, unknown> = {
    noId: { timestamp, ...rest },
    noTimestamp: { id, ...rest },
    numericId: { id: Number(id), timestamp, ...rest },
    nullEntry: null,
    badTimestamp: { id, timestamp: 'yesterday', ...rest },
    nulContent: { id, timestamp, ...rest, content: 'a\0b\ud800c' },
    numericContent: { id, timestamp, ...rest, content: 42 },
  };
  return broken[defect];
};

const defectiveMember = ({ user, ...rest }: Entry, defect: MemberDefect): unknown => {
  const broken: Record<MemberDefect, unknown> = {
    nullEntry: null,
    noUser: rest,
    numericNick: { ...rest, user, nick: 42 },
    nulNames: { ...rest, user: { ...(user as Entry), global_name: 'a\0b\ud800c' }, nick: 'd\0e' },
  };
  return broken[defect];
};
