export interface ReceivedEvent {
  readonly id: string | null;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

export interface ReadStream {
  readonly status: number;
  /** The next event, or null when the stream has ended. */
  readonly next: () => Promise<ReceivedEvent | null>;
  /** All events up to the end of the stream. */
  readonly rest: () => Promise<ReceivedEvent[]>;
  readonly cancel: () => void;
}

/** Reads server-sent events as a browser would. */
export const readStream = async (url: string, headers: Record<string, string> = {}): Promise<ReadStream> => {
  const stop = new AbortController();
  const response = await fetch(url, { headers, signal: stop.signal });
  const events = parse(response);
  const next = async () => {
    const { value, done } = await events.next();
    return done === true ? null : value;
  };
  const rest = async () => {
    const all: ReceivedEvent[] = [];
    for await (const event of events) all.push(event);
    return all;
  };
  return { status: response.status, next, rest, cancel: () => stop.abort() };
};

const parse = async function* (response: Response): AsyncGenerator<ReceivedEvent, undefined> {
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      const data = fields.get('data');
      if (data !== undefined)
        yield { id: fields.get('id') ?? null, event: fields.get('event') ?? '', data: JSON.parse(data) };
    }
  }
  return undefined;
};
