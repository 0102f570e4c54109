import type { Connection } from '../gateway/connection.ts';
import { OP } from '../gateway/protocol.ts';
import type { GatewayAim, GatewayFault, GatewayFaultHandle } from './gateway-fault.ts';

type Stage = 'connect' | 'identify' | 'resume';

interface Planned {
  readonly fault: GatewayFault;
  readonly stage: Stage | null;
  readonly times: number;
  readonly struck: Connection[];
  readonly waiting: { readonly nth: number; readonly resolve: () => void }[];
}

const inflict = (fault: GatewayFault, connection: Connection): void => {
  switch (fault.kind) {
    case 'drop':
      connection.drop();
      break;
    case 'close':
      connection.close(fault.code);
      break;
    case 'reconnect':
      connection.send(OP.Reconnect, null);
      break;
    case 'invalidSession':
      connection.send(OP.InvalidSession, fault.resumable);
      break;
    case 'dead':
      connection.die();
      break;
    case 'hold':
      connection.hold();
      break;
  }
};

/** The plan of what goes wrong with connections, open ones and ones to come. */
export class GatewayFaults {
  readonly #planned = new Set<Planned>();
  readonly #open: () => Iterable<Connection>;

  constructor(open: () => Iterable<Connection>) {
    this.#open = open;
  }

  add(fault: GatewayFault, { when = 'now', times = 1 }: GatewayAim = {}): GatewayFaultHandle {
    const planned: Planned = { fault, stage: when === 'now' ? null : when, times, struck: [], waiting: [] };
    if (planned.stage === null) for (const connection of this.#open()) this.#strike(planned, connection);
    else this.#planned.add(planned);
    return {
      get count() {
        return planned.struck.length;
      },
      struck: (nth = 1) =>
        planned.struck.length >= nth
          ? Promise.resolve()
          : new Promise((resolve) => planned.waiting.push({ nth, resolve })),
      release: () => {
        for (const connection of planned.struck) connection.resumeFlow();
      },
      remove: () => this.#planned.delete(planned),
    };
  }

  /** Strikes a connection that has come to a stage. True when the gateway shall not go on with it. */
  reached(stage: Stage, connection: Connection): boolean {
    for (const planned of this.#planned) {
      if (planned.stage !== stage || planned.struck.length >= planned.times) continue;
      this.#strike(planned, connection);
      return planned.fault.kind !== 'hold';
    }
    return false;
  }

  clear(): void {
    this.#planned.clear();
  }

  #strike(planned: Planned, connection: Connection): void {
    planned.struck.push(connection);
    inflict(planned.fault, connection);
    for (const { nth, resolve } of planned.waiting) if (nth === planned.struck.length) resolve();
  }
}
