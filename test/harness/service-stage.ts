import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type { ApiClient, InstanceShown } from './api-client.ts';
import { type AppInProcess, type AppOptions, startAppInProcess } from './app-in-process.ts';
import { furnish } from './embedded-template.ts';
import { openStack, type Stack } from './stack.ts';

/** Nothing that a test waits for takes longer; most of it takes milliseconds. */
export const PATIENCE = { timeout: 20_000, interval: 20 } as const;

/** What a service stands on: its stack, and a folder with an embedded database that is migrated already. */
export interface Ground {
  readonly stack: Stack;
  readonly dataDir: string;
}

export const openGround = async (): Promise<Ground> => {
  const stack = await openStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'omni-test-'));
  await furnish(dataDir);
  return { stack, dataDir };
};

/** A service and a simulated platform, both in this process. */
export abstract class ServiceStage {
  readonly dataDir: string;
  readonly #stack: Stack;
  readonly #options: Partial<AppOptions>;
  #app: AppInProcess | null = null;

  protected constructor({ stack, dataDir }: Ground, options: Partial<AppOptions>) {
    this.dataDir = dataDir;
    this.#stack = stack;
    this.#options = { ...stack.options, ...options };
  }

  /** Where the service finds the platform. */
  protected abstract readonly platform: Pick<AppOptions, 'discordApiUrl'> & Partial<AppOptions>;
  protected abstract closePlatform(): Promise<void>;

  get app(): AppInProcess {
    if (this.#app === null) throw new Error('The service is stopped.');
    return this.#app;
  }

  get api(): ApiClient {
    return this.app.api;
  }

  async start(): Promise<void> {
    this.#app = await startAppInProcess({ dataDir: this.dataDir, ...this.platform, ...this.#options });
  }

  async stop(): Promise<void> {
    await this.#app?.stop();
    this.#app = null;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async close(): Promise<void> {
    await this.stop();
    await this.closePlatform();
    await this.#stack.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /**
   * Resolves once the living supervisor is in this state: right after a start the rows still tell of the time before.
   */
  async reaches(instanceId: string, state: string): Promise<InstanceShown> {
    const sign = state === 'online' ? { stale: false, activities: expect.arrayContaining(['connection']) } : {};
    return vi.waitFor(async () => {
      const status = await this.api.data<InstanceShown>('GET', `/instances/${instanceId}/status`);
      expect(status).toMatchObject({ state, ...sign });
      return status;
    }, PATIENCE);
  }
}
