import type { ApiClient } from './api-client.ts';

/** A message as the platform has it. Times in ms. */
export interface TrueMessage {
  readonly channelId: string;
  readonly messageId: string;
  readonly timestamp: number;
  readonly content: string;
  readonly editedTimestamp: number | null;
}

export interface Comparison {
  readonly expected: number;
  readonly stored: number;
  /** On the platform, not stored. */
  readonly missing: readonly string[];
  /** Stored (and not marked deleted), not on the platform. */
  readonly surplus: readonly string[];
  /** Stored more than once. */
  readonly doubled: readonly string[];
  /** Stored with another time, text or edit. */
  readonly different: readonly string[];
}

export const isEqual = ({ missing, surplus, doubled, different }: Comparison): boolean =>
  missing.length + surplus.length + doubled.length + different.length === 0;

/** Every message that the bot can read, as the simulator says. */
export async function* groundTruthOf(simulatorApiUrl: string): AsyncGenerator<TrueMessage> {
  const response = await fetch(new URL('/_sim/ground-truth', simulatorApiUrl));
  if (response.body === null) throw new Error('The simulator gave no ground truth.');
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line) as TrueMessage;
  }
}

const editOf = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso));

/** Compares what is stored of an instance with the platform's truth, message by message. */
export const compareWithTruth = async (
  api: ApiClient,
  instanceId: string,
  truth: AsyncIterable<TrueMessage> | Iterable<TrueMessage>,
): Promise<Comparison> => {
  const expected = new Map<string, TrueMessage>();
  for await (const message of truth) expected.set(message.messageId, message);
  const seen = new Set<string>();
  const surplus: string[] = [];
  const doubled: string[] = [];
  const different: string[] = [];
  let stored = 0;
  for await (const event of api.events(instanceId)) {
    if (seen.has(event.externalId)) doubled.push(event.externalId);
    seen.add(event.externalId);
    if (event.deletedAt !== null) continue;
    stored++;
    const message = expected.get(event.externalId);
    if (message === undefined) surplus.push(event.externalId);
    else if (Date.parse(event.timestamp) !== message.timestamp || editOf(event.editedAt) !== message.editedTimestamp) {
      different.push(event.externalId);
    } else if (message.content !== '' && event.text !== message.content) different.push(event.externalId);
  }
  const missing = [...expected.keys()].filter((id) => !seen.has(id));
  return { expected: expected.size, stored, missing, surplus, doubled, different };
};
