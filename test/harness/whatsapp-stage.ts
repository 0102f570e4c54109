import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { startWhatsAppSimulator } from '../simulators/whatsapp/simulator.ts';
import type { SimulatorOptions, WhatsAppSimulator } from '../simulators/whatsapp/whatsapp-simulator.ts';
import type { ApiClient, CoverageShown, EventShown, InstanceShown } from './api-client.ts';
import { type AppInProcess, type AppOptions, startAppInProcess } from './app-in-process.ts';
import { compareWithPhone, conversationsOf, type PhoneComparison } from './compare-phone.ts';
import { furnish } from './embedded-template.ts';
import { openStack, type Stack } from './stack.ts';
import { PATIENCE } from './stage.ts';

/** A service and a simulated WhatsApp with its phones, both in this process. */
export class WhatsAppStage {
  whatsapp: WhatsAppSimulator;
  readonly dataDir: string;
  readonly #stack: Stack;
  readonly #options: Partial<AppOptions>;
  #app: AppInProcess | null = null;

  private constructor(whatsapp: WhatsAppSimulator, dataDir: string, stack: Stack, options: Partial<AppOptions>) {
    this.whatsapp = whatsapp;
    this.dataDir = dataDir;
    this.#stack = stack;
    this.#options = options;
  }

  /**
   * Its limiters are open and the phone takes bursts: what is tested here is not rates. Nothing is synced but what a
   * test asks for.
   */
  static async open(
    simulator: SimulatorOptions = {},
    options: Partial<AppOptions> = {},
    settings: Record<string, unknown> = {},
  ): Promise<WhatsAppStage> {
    const whatsapp = await startWhatsAppSimulator({ onDemand: { burst: null }, ...simulator });
    const stack = await openStack();
    const dataDir = await mkdtemp(join(tmpdir(), 'omni-test-'));
    await furnish(dataDir);
    const stage = new WhatsAppStage(whatsapp, dataDir, stack, { ...stack.options, ...options });
    await stage.start();
    await stage.api.call('PATCH', '/settings', {
      'sync.onConnect': false,
      'sync.whatsapp.messagesPerMinute': 1_000_000,
      'sync.whatsapp.contactsPerMinute': 1_000_000,
      ...settings,
    });
    return stage;
  }

  get app(): AppInProcess {
    if (this.#app === null) throw new Error('The service is stopped.');
    return this.#app;
  }

  get api(): ApiClient {
    return this.app.api;
  }

  async start(): Promise<void> {
    this.#app = await startAppInProcess({
      dataDir: this.dataDir,
      discordApiUrl: null,
      whatsappSocketUrl: this.whatsapp.socketUrl,
      whatsappMediaUrl: this.whatsapp.mediaUrl,
      ...this.#options,
    });
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
    await this.whatsapp.close();
    await this.#stack.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  create(name: string, historyDepth: 'recent' | 'full' = 'full'): Promise<InstanceShown> {
    return this.api.data('POST', '/instances', { name, channel: 'whatsapp', historyDepth });
  }

  /** The QR code as soon as it is there. */
  qr(id: string): Promise<string> {
    return vi.waitFor(async () => (await this.api.data<{ qr: string }>('GET', `/instances/${id}/qr`)).qr, PATIENCE);
  }

  /** An instance whose phone has scanned its QR code, online. */
  async pair(phoneNumber?: string, historyDepth: 'recent' | 'full' = 'full'): Promise<InstanceShown> {
    const { id } = await this.create(phoneNumber ?? 'a number', historyDepth);
    this.whatsapp.scan(await this.qr(id), phoneNumber);
    return this.reaches(id, 'online');
  }

  async reaches(instanceId: string, state: string): Promise<InstanceShown> {
    const sign = state === 'online' ? { stale: false, activities: expect.arrayContaining(['connection']) } : {};
    return vi.waitFor(async () => {
      const status = await this.api.data<InstanceShown>('GET', `/instances/${instanceId}/status`);
      expect(status).toMatchObject({ state, ...sign });
      return status;
    }, PATIENCE);
  }

  /** Resolves once everything that the phone pushed is stored. */
  async worksOff(instanceId: string, phoneNumber?: string): Promise<void> {
    await vi.waitFor(async () => {
      await this.whatsapp.idle(phoneNumber);
      const { linked, phoneNumber: account } = this.whatsapp.account(phoneNumber);
      const hasPushed = this.whatsapp.log.receipts.some((one) => one.account === account && one.type === 'hist_sync');
      expect({ hasPushed, onTheWay: linked.flatMap(({ waiting }) => waiting).length }).toEqual({
        hasPushed: true,
        onTheWay: 0,
      });
      const { pushes } = await this.api.data<{ pushes: unknown }>('GET', `/instances/${instanceId}/status`);
      expect(pushes).toEqual({ waiting: 0, setAside: 0, failure: null });
    }, PATIENCE);
  }

  compare(instanceId: string, scope: Parameters<WhatsAppSimulator['groundTruth']>[0] = {}): Promise<PhoneComparison> {
    return compareWithPhone(this.api, instanceId, this.whatsapp.groundTruth(scope), scope.since);
  }

  /** External ids of conversations by our own. */
  conversations(instanceId: string): Promise<ReadonlyMap<string, string>> {
    return conversationsOf(this.api, instanceId);
  }

  coverage(instanceId: string): Promise<CoverageShown[]> {
    return Array.fromAsync(this.api.list<CoverageShown>(`/instances/${instanceId}/coverage`));
  }

  /** Resolves once a message with these words is stored. */
  async has(instanceId: string, text: string): Promise<EventShown> {
    return vi.waitFor(async () => {
      const found = (await this.events(instanceId)).find((event) => event.text === text);
      if (found === undefined) throw new Error(`Nothing stored says "${text}".`);
      return found;
    }, PATIENCE);
  }

  events(instanceId: string): Promise<EventShown[]> {
    return Array.fromAsync(this.api.events(instanceId));
  }
}
