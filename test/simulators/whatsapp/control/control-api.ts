import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { WhatsAppSimulator } from '../whatsapp-simulator.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { controlActions } from './control-actions.ts';
import { type Body, optionalText } from './control-body.ts';

const readBody = async (request: IncomingMessage): Promise<Body> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const value: unknown = text === '' ? {} : JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('The body must be a JSON object.');
  return value as Body;
};

function* lines(rows: Iterable<unknown>): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}

/** Steers and reads a simulator that runs in a process of its own: JSON under `/_sim/`. */
export class ControlApi {
  readonly #simulator: WhatsAppSimulator;
  readonly #actions: Readonly<Record<string, (body: Body) => unknown>>;

  constructor(simulator: WhatsAppSimulator) {
    this.#simulator = simulator;
    this.#actions = controlActions(simulator);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://sim');
    const path = url.pathname.replace('/_sim/', '');
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value ?? null));
    };
    try {
      const body: Body = request.method === 'POST' ? await readBody(request) : Object.fromEntries(url.searchParams);
      const stream = request.method === 'GET' ? this.#stream(path, body) : null;
      if (stream !== null) {
        response.writeHead(200, { 'content-type': 'application/x-ndjson' });
        await pipeline(Readable.from(lines(stream)), response);
        return;
      }
      const read = request.method === 'GET' ? this.#read(path, body) : undefined;
      const action = request.method === 'POST' ? this.#actions[path] : undefined;
      if (read !== undefined) json(200, read);
      else if (action === undefined) json(404, { error: `There is no ${request.method} /_sim/${path}.` });
      else json(200, (await action(body)) ?? { ok: true });
    } catch (error) {
      const isOurs =
        error instanceof TypeError ||
        error instanceof RangeError ||
        error instanceof ProtocolError ||
        error instanceof SyntaxError;
      json(isOurs ? 400 : 500, { error: error instanceof Error ? error.message : String(error) });
    }
  }

  #stream(path: string, body: Body): Iterable<unknown> | null {
    const account = optionalText(body, 'account');
    if (path === 'deleted') return this.#simulator.deleted(account);
    if (path !== 'ground-truth') return null;
    const instant = (field: string): number | undefined => {
      const text = optionalText(body, field);
      if (text === undefined) return undefined;
      if (!/^\d+$/.test(text)) throw new TypeError(`${field} must be milliseconds.`);
      return Number(text);
    };
    const [since, until, chat] = [instant('since'), instant('until'), optionalText(body, 'chat')];
    return this.#simulator.groundTruth({
      ...(account === undefined ? {} : { account }),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(chat === undefined ? {} : { chat }),
      reachable: optionalText(body, 'reachable') === 'true',
    });
  }

  #read(path: string, body: Body): unknown {
    const account = optionalText(body, 'account');
    const { log, faults, downloads } = this.#simulator;
    switch (path) {
      case 'stats':
        return this.#stats(account);
      case 'contacts':
        return this.#simulator.contacts(account);
      case 'groups':
        return this.#simulator.groups(account);
      case 'violations':
        return log.violations;
      case 'receipts':
        return log.receipts;
      case 'stanzas':
        return log.stanzas;
      case 'history-requests':
        return log.historyRequests;
      case 'downloads':
        return downloads;
      case 'faults':
        return faults.list();
      default:
        return undefined;
    }
  }

  #stats(phoneNumber: string | undefined): unknown {
    const { log } = this.#simulator;
    const account = this.#simulator.account(phoneNumber);
    return {
      isOnline: this.#simulator.isOnline(phoneNumber),
      devices: account.devices.map((device) => ({
        id: device.id,
        isRemoved: device.state.isRemoved,
        platform: device.state.platform,
        requiresFullSync: device.state.requiresFullSync,
        isOnline: device.line !== null,
        waiting: device.waiting.length,
        preKeys: device.state.preKeys.length,
      })),
      chats: account.world.chats.map(({ name, kind, messages }) => ({ name, kind, messages: messages.length })),
      violations: log.violations.length,
      indiscretions: log.indiscretions.filter((each) => each.account === account.phoneNumber).length,
      historyRequests: log.historyRequests.filter((request) => request.account === account.phoneNumber).length,
      mostIn60s: log.mostRequests(60_000, account.phoneNumber),
      mostInFlight: log.mostInFlight.get(account.phoneNumber) ?? 0,
      shownOnPhone: log.historyRequests.filter(
        (request) => request.account === account.phoneNumber && request.shownOnPhone,
      ).length,
    };
  }
}
