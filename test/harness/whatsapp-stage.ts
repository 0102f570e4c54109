import { expect, vi } from 'vitest';
import { startWhatsAppSimulator } from '../simulators/whatsapp/simulator.ts';
import type { SimulatorOptions, WhatsAppSimulator } from '../simulators/whatsapp/whatsapp-simulator.ts';
import type { CoverageShown, EventShown, InstanceShown } from './api-client.ts';
import type { AppOptions } from './app-in-process.ts';
import type { Comparison } from './compare.ts';
import { compareWithPhone, conversationsOf } from './compare-phone.ts';
import { type Ground, openGround, PATIENCE, ServiceStage } from './service-stage.ts';

/** A service and a simulated WhatsApp with its phones, both in this process. */
export class WhatsAppStage extends ServiceStage {
  whatsapp: WhatsAppSimulator;

  private constructor(whatsapp: WhatsAppSimulator, ground: Ground, options: Partial<AppOptions>) {
    super(ground, options);
    this.whatsapp = whatsapp;
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
    const stage = new WhatsAppStage(whatsapp, await openGround(), options);
    await stage.start();
    await stage.api.call('PATCH', '/settings', {
      'sync.onConnect': false,
      'sync.whatsapp.messagesPerMinute': 1_000_000,
      'sync.whatsapp.contactsPerMinute': 1_000_000,
      ...settings,
    });
    return stage;
  }

  protected override get platform() {
    const { socketUrl, mediaUrl } = this.whatsapp;
    return { discordApiUrl: null, whatsappSocketUrl: socketUrl, whatsappMediaUrl: mediaUrl };
  }

  protected override closePlatform(): Promise<void> {
    return this.whatsapp.close();
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

  compare(instanceId: string, scope: Parameters<WhatsAppSimulator['groundTruth']>[0] = {}): Promise<Comparison> {
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
