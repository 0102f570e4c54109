import { ApiClient } from './api-client.ts';
import type { Child } from './child.ts';
import { arm, struck } from './faults/orders.ts';
import type { Strike } from './faults/strike.ts';
import { type Launched, launchService, type Service, type ServiceOptions } from './service.ts';

/** For a call of the API: a node that is frozen never answers. */
const PATIENCE_MS = 8_000;

/** The service as a process that a test can end in every way, freeze, strike, and start again. */
export class ServiceProcess {
  readonly #options: ServiceOptions;
  #launched!: Launched;
  #api: ApiClient | null = null;

  protected constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** Resolves when it listens. */
  static async launch(options: ServiceOptions): Promise<ServiceProcess> {
    const service = new ServiceProcess(options);
    await service.start();
    return service;
  }

  get api(): ApiClient {
    if (this.#api === null) throw new Error('It does not listen.');
    return this.#api;
  }

  get child(): Child {
    return this.#launched.child;
  }

  get isRunning(): boolean {
    return !this.child.hasExited;
  }

  /** A new process in the place of one that has ended, struck as planned. Resolves when it listens. */
  async start(strikes: readonly Strike[] | null = this.#options.strikes ?? null): Promise<void> {
    this.#api = null;
    this.#launched = launchService({ ...this.#options, strikes });
    await this.begun(this.#launched.listening);
  }

  protected async begun(listening: Promise<Service>): Promise<void> {
    const { origin } = await listening;
    this.#api = new ApiClient(origin, PATIENCE_MS);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.child.end('SIGKILL');
  }

  /** SIGTERM: resolves with the exit code when it has put everything down. */
  stop(): Promise<number | null> {
    return this.child.end('SIGTERM');
  }

  freeze(): void {
    this.child.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.process.kill('SIGCONT');
  }

  /** Plans a strike; resolves when it is planned, with a promise of when it has struck. */
  async arm(strike: Strike): Promise<{ readonly struck: Promise<void> }> {
    const told = struck(this.child);
    // Whoever waits for it hears of it.
    told.catch(() => {});
    await arm(this.child, strike);
    return { struck: told };
  }

  disarm(): Promise<void> {
    return arm(this.child, null);
  }
}
