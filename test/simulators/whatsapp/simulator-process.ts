import { fileURLToPath } from 'node:url';
import { Child } from '../../harness/child.ts';

type Ready = Readonly<Record<'socketUrl' | 'mediaUrl' | 'phoneNumber', string>> & { readonly port: number };

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

/** For `node TRUSTING_MAIN`: the service, believing the simulator. */
export const TRUSTING_MAIN = fileURLToPath(new URL('trusting-main.ts', import.meta.url));

/** The WhatsApp simulator as a process of its own, so that killing the service leaves it be. */
export interface WhatsAppProcess {
  readonly socketUrl: string;
  readonly mediaUrl: string;
  /** Of the default account. */
  readonly phoneNumber: string;
  readonly port: number;
  readonly child: Child;
  /** Its control API: `control('/_sim/scan', { qr })`. A body makes it a POST. */
  readonly control: (path: string, body?: unknown) => Promise<Response>;
}

export const startWhatsAppProcess = async (args: readonly string[], isApart = false): Promise<WhatsAppProcess> => {
  const child = new Child(MAIN, args, {}, { isApart });
  const ready = await child.said((line) => (line['ready'] === true ? (line as Ready) : undefined));
  const { socketUrl, mediaUrl, phoneNumber, port } = ready;
  return {
    socketUrl,
    mediaUrl,
    phoneNumber,
    port,
    child,
    control: (path, body) =>
      fetch(`${mediaUrl}${path}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  };
};
