import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';

const MAIN = fileURLToPath(new URL('../simulators/discord/main.ts', import.meta.url));

/** The Discord simulator as a process of its own, so that killing the service leaves it be. */
export interface SimulatorProcess {
  readonly apiUrl: string;
  readonly token: string;
  readonly child: Child;
  /** Its control API, such as `/_sim/stats`. */
  readonly control: (path: string, body?: unknown) => Promise<Response>;
}

export const startSimulatorProcess = async (args: readonly string[], isApart = false): Promise<SimulatorProcess> => {
  const child = new Child(MAIN, args, {}, { isApart });
  const { apiUrl, token } = await child.said((line) =>
    line['ready'] === true ? (line as { readonly apiUrl: string; readonly token: string }) : undefined,
  );
  const origin = new URL(apiUrl).origin;
  return {
    apiUrl,
    token,
    child,
    control: (path, body) =>
      fetch(`${origin}${path}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  };
};
