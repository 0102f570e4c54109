import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Faults } from '../faults/faults.ts';

/** One download as it came in. */
export interface LoggedDownload {
  readonly at: number;
  readonly path: string;
  readonly status: number;
}

interface Download {
  readonly status: number;
  readonly body: Buffer;
  /** The connection breaks half way. */
  readonly isCut: boolean;
}

const refusal = (status: number, why: string): Download => ({ status, body: Buffer.from(why), isCut: false });

const PATH = /^\/v\/t62\.34543-24\/([0-9A-F]{32})_n\.enc$/;
const LIFE_SECONDS = 30 * 86_400;

/** Keeps sealed files and gives them to whoever has the whole path: name, signature and expiry. */
export class MediaHost {
  readonly downloads: LoggedDownload[] = [];
  readonly #files = new Map<string, Buffer>();
  readonly #folder: string | null;
  readonly #secret: Buffer;
  readonly #faults: Faults;
  readonly #now: () => number;

  /** `folder`: where files outlive the process. `secret` signs the paths. */
  constructor(folder: string | null, secret: Buffer, faults: Faults, now: () => number) {
    this.#folder = folder === null ? null : join(folder, 'media');
    if (this.#folder !== null) mkdirSync(this.#folder, { recursive: true });
    this.#secret = secret;
    this.#faults = faults;
    this.#now = now;
  }

  /** Gives the `directPath` of what was put there. */
  put(bytes: Buffer): string {
    const name = randomBytes(16).toString('hex').toUpperCase();
    if (this.#folder === null) this.#files.set(name, bytes);
    else writeFileSync(join(this.#folder, name), bytes);
    const expiry = (Math.floor(this.#now() / 1000) + LIFE_SECONDS).toString(16).toUpperCase();
    const query = `ccb=11-4&oh=${this.#sign(name, expiry)}&oe=${expiry}&_nc_sid=5e03e0`;
    return `/v/t62.34543-24/${name}_n.enc?${query}`;
  }

  serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://media');
    const { status, body, isCut } =
      request.method === 'GET' ? this.#answer(url) : { status: 405, body: Buffer.alloc(0), isCut: false };
    this.downloads.push({ at: this.#now(), path: url.pathname, status });
    response.writeHead(status, { 'content-type': 'application/octet-stream', 'content-length': body.length });
    if (isCut) response.write(body.subarray(0, body.length >> 1), () => response.destroy());
    else response.end(body);
  }

  #answer(url: URL): Download {
    const name = PATH.exec(url.pathname)?.[1];
    const bytes = name === undefined ? null : this.#read(name);
    if (name === undefined || bytes === null) return refusal(404, 'Not found');
    const expiry = url.searchParams.get('oe') ?? '';
    if (url.searchParams.get('oh') !== this.#sign(name, expiry)) return refusal(403, 'URL signature mismatch');
    if (Number.parseInt(expiry, 16) * 1000 < this.#now()) return refusal(410, 'URL signature expired');
    const fault = this.#faults.take('blob', null);
    if (fault === null) return { status: 200, body: bytes, isCut: false };
    if (fault.how === 'cut') return { status: 200, body: bytes, isCut: true };
    if (fault.how !== 'corrupt') return refusal(fault.how, '');
    return {
      status: 200,
      body: Buffer.from(bytes.map((byte, at) => (at % 97 === 40 ? byte ^ 0xff : byte))),
      isCut: false,
    };
  }

  #sign(name: string, expiry: string): string {
    return createHmac('sha256', this.#secret).update(`${name} ${expiry}`).digest('hex').slice(0, 32);
  }

  #read(name: string): Buffer | null {
    if (this.#folder === null) return this.#files.get(name) ?? null;
    try {
      return readFileSync(join(this.#folder, name));
    } catch {
      return null;
    }
  }
}
