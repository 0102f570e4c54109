import { setTimeout as pause } from 'node:timers/promises';
import { type ApiClient, ApiRefused, type InstanceShown } from '../harness/api-client.ts';
import type { Comparison } from '../harness/compare.ts';
import { compareWithTruth, groundTruthOf } from '../harness/compare.ts';
import { compareWithPhone, phoneTruthOf } from '../harness/compare-phone.ts';
import type { SimulatorProcess } from '../harness/simulator-process.ts';
import type { WhatsAppProcess } from '../harness/whatsapp-process.ts';
import type { TrueMessage } from '../simulators/whatsapp/ground-truth.ts';

/** An account of the demo: how it comes into being, and what its platform has. */
export interface DemoAccount {
  readonly label: string;
  readonly connect: (api: ApiClient) => Promise<InstanceShown>;
  /** `unread`: external ids of conversations of which the job has said that they cannot be read. */
  readonly compare: (api: ApiClient, instanceId: string, unread: ReadonlySet<string>) => Promise<Comparison>;
}

const LOOK_EVERY_MS = 200;
const PATIENCE_MS = 60_000;

/** Asks until there is an answer; a refusal with this code means "not yet". */
const until = async <A>(ask: () => Promise<A | null>, notYet: string): Promise<A> => {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== null) return answer;
    } catch (error) {
      if (!(error instanceof ApiRefused) || error.code !== notYet) throw error;
    }
    if (Date.now() > deadline) throw new Error(`It took longer than ${PATIENCE_MS / 1000} s.`);
    await pause(LOOK_EVERY_MS);
  }
};

const online = (api: ApiClient, id: string): Promise<InstanceShown> =>
  until(async () => {
    const instance = await api.instance(id);
    if (instance.error !== null) throw new Error(instance.error.message);
    return instance.state === 'online' ? instance : null;
  }, 'never');

export const discordAccount = ({ apiUrl, token }: SimulatorProcess): DemoAccount => ({
  label: 'Discord',
  connect: async (api) => online(api, (await api.createInstance(token, 'a bot')).id),
  compare: (api, id) => compareWithTruth(api, id, groundTruthOf(apiUrl)),
});

/** Paired as a person would: the QR code that the service shows is scanned by the simulated phone. */
export const whatsappAccount = ({ mediaUrl, control }: WhatsAppProcess): DemoAccount => ({
  label: 'WhatsApp',
  connect: async (api) => {
    const { id } = await api.data<InstanceShown>('POST', '/instances', {
      name: 'a number',
      channel: 'whatsapp',
      historyDepth: 'full',
    });
    const { qr } = await until(() => api.data<{ qr: string }>('GET', `/instances/${id}/qr`), 'not_pairing');
    await control('/_sim/scan', { qr });
    return online(api, id);
  },
  compare: (api, id, unread) => compareWithPhone(api, id, readable(phoneTruthOf(mediaUrl), unread)),
});

async function* readable(truth: AsyncIterable<TrueMessage>, unread: ReadonlySet<string>): AsyncGenerator<TrueMessage> {
  for await (const message of truth) if (!message.aliases.some((address) => unread.has(address))) yield message;
}
