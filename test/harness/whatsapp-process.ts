import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';

const MAIN = fileURLToPath(new URL('../simulators/whatsapp/main.ts', import.meta.url));

/** The WhatsApp simulator as a process of its own, so that killing the service leaves it be. */
export interface WhatsAppProcess {
  readonly socketUrl: string;
  readonly mediaUrl: string;
  readonly phoneNumber: string;
  readonly child: Child;
  /** Its control API, such as `/_sim/scan`. Rejects with what it says is wrong. */
  readonly control: (path: string, body?: unknown) => Promise<Response>;
}

type Ready = Pick<WhatsAppProcess, 'socketUrl' | 'mediaUrl' | 'phoneNumber'>;

export const startWhatsAppProcess = async (args: readonly string[], isApart = false): Promise<WhatsAppProcess> => {
  const child = new Child(MAIN, args, {}, { isApart });
  const ready = await child.said((line) =>
    line['ready'] === true ? (line as { readonly [K in keyof Ready]: string }) : undefined,
  );
  return {
    ...ready,
    child,
    control: async (path, body) => {
      const response = await fetch(`${ready.mediaUrl}${path}`, {
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`The simulator answered ${response.status}: ${await response.text()}`);
      return response;
    },
  };
};
