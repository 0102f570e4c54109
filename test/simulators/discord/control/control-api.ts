import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DiscordSimulator } from '../discord-simulator.ts';
import { type Action, type Body, textOf } from './body.ts';
import { FaultDesk } from './fault-desk.ts';
import { peopleActions } from './people-actions.ts';

const readBody = async (request: IncomingMessage): Promise<Body> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const value: unknown = text === '' ? {} : JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new TypeError('The body must be a JSON object.');
  return value as Body;
};

function* lines(rows: Iterable<unknown>): Generator<string> {
  let batch = '';
  for (const row of rows) {
    batch += `${JSON.stringify(row)}\n`;
    if (batch.length < 65_536) continue;
    yield batch;
    batch = '';
  }
  if (batch !== '') yield batch;
}

/** Steers and reads a simulator that runs in a process of its own: JSON under `/_sim/`. */
export class ControlApi {
  readonly #simulator: DiscordSimulator;
  readonly #reads: Readonly<Record<string, () => unknown>>;
  readonly #streams: Readonly<Record<string, () => Iterable<unknown>>>;
  readonly #actions: Readonly<Record<string, Action>>;

  constructor(simulator: DiscordSimulator) {
    this.#simulator = simulator;
    const { requests, world, faults } = simulator;
    const desk = new FaultDesk(faults);
    this.#reads = {
      stats: () => this.#stats(),
      requests: () => requests.recent,
      channels: () => this.#channels(),
      faults: () => desk.list(),
    };
    this.#streams = {
      'ground-truth': () => simulator.groundTruth(),
      deleted: () => simulator.deleted(),
      contacts: () => simulator.contacts(),
      groups: () => simulator.groups(),
      members: () => simulator.members(),
    };
    this.#actions = {
      messages: (body) => this.#write(body),
      faults: (body) => desk.order(body),
      'faults/release': (body) => desk.release(body),
      'faults/clear': () => faults.clear(),
      gateway: (body) => desk.orderOnGateway(body),
      'gateway/drop': () => desk.orderOnGateway({ fault: { kind: 'drop' } }),
      'token/revoke': () => faults.revokeToken(),
      'token/restore': () => faults.restoreToken(),
      ...peopleActions(world),
      'channels/deny': (body) => world.deny(textOf(body, 'channelId')),
      'channels/allow': (body) => world.allow(textOf(body, 'channelId')),
      'requests/clear': () => requests.clear(),
    };
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = (request.url ?? '').split('?')[0]?.slice('/_sim/'.length) ?? '';
    try {
      const stream = request.method === 'GET' ? this.#streams[name] : undefined;
      if (stream !== undefined) return await this.#stream(stream(), response);
      const read = request.method === 'GET' ? this.#reads[name] : undefined;
      const action = request.method === 'POST' ? this.#actions[name] : undefined;
      if (read !== undefined) return this.#answer(response, 200, read());
      if (action !== undefined) return this.#answer(response, 200, action(await readBody(request)) ?? {});
      this.#answer(response, 404, { error: `Nothing at ${request.method} /_sim/${name}.` });
    } catch (error) {
      if (!response.headersSent) this.#answer(response, 400, { error: String(error) });
      else response.destroy();
    }
  }

  #answer(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  }

  async #stream(rows: Iterable<unknown>, response: ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    await pipeline(Readable.from(lines(rows)), response);
  }

  #stats(): unknown {
    const { requests, invalidRequests, gateway } = this.#simulator;
    return {
      total: requests.total,
      byRoute: Object.fromEntries(requests.byRoute),
      byStatus: Object.fromEntries(requests.byStatus),
      messagesByChannel: Object.fromEntries(requests.messagesByChannel),
      forbidden: requests.forbidden,
      invalid: invalidRequests.count,
      online: gateway.online,
      mostIn60s: { messages: requests.most('messages', 60_000), others: requests.most('others', 60_000) },
      mostIn10s: { messages: requests.most('messages', 10_000), others: requests.most('others', 10_000) },
    };
  }

  #channels(): unknown {
    return [...this.#simulator.world.channels()].map(({ id, name, type, guild, parent, log, thread }) => ({
      id,
      name,
      type,
      guildId: guild.id,
      parentId: parent?.id ?? null,
      messages: log?.size ?? null,
      archivedAt: thread?.archivedAt ?? null,
    }));
  }

  /** `{channelId, content}` posts, with `messageId` edits, `{channelId, messageIds}` deletes; `silent` in each. */
  #write(body: Body): unknown {
    const { world } = this.#simulator;
    const channelId = textOf(body, 'channelId');
    const quietly = { silent: body['silent'] === true };
    if (Array.isArray(body['messageIds'])) {
      const ids = body['messageIds'].map(String);
      if (ids.length === 1) world.deleteMessage(channelId, ids[0] ?? '', quietly);
      else world.deleteMessages(channelId, ids, quietly);
      return {};
    }
    const content = textOf(body, 'content');
    if (body['messageId'] === undefined) return { messageId: world.postMessage(channelId, { content, ...quietly }) };
    world.editMessage(channelId, textOf(body, 'messageId'), content, quietly);
    return {};
  }
}
