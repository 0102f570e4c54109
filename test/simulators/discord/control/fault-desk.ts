import type { FaultAim, FaultHandle, RestFault } from '../faults/fault.ts';
import type { Faults } from '../faults/faults.ts';
import type { GatewayAim, GatewayFault, GatewayFaultHandle } from '../faults/gateway-fault.ts';

const REST_KINDS: readonly RestFault['kind'][] = [
  'status',
  'html',
  'cutBody',
  'notJson',
  'wrongShape',
  'malformedMessage',
  'malformedMember',
  'slow',
  'reset',
  'rateLimited',
];
const GATEWAY_KINDS: readonly GatewayFault['kind'][] = ['drop', 'close', 'reconnect', 'invalidSession', 'dead', 'hold'];

/** A fault that was ordered over the control API, by number. */
interface Ordered {
  readonly fault: RestFault | GatewayFault;
  readonly handle: FaultHandle | GatewayFaultHandle;
}

const kindOf = (fault: unknown): unknown =>
  typeof fault === 'object' && fault !== null && 'kind' in fault ? fault.kind : null;

const isOneOf = <T extends { readonly kind: string }>(fault: unknown, kinds: readonly T['kind'][]): fault is T =>
  kinds.some((kind) => kind === kindOf(fault));

/** Takes orders for faults from outside the process, where a handle cannot go. */
export class FaultDesk {
  readonly #faults: Faults;
  readonly #ordered: Ordered[] = [];

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** `{fault, aim}` as `Faults.add` takes them. Gives the number of the order. */
  order({ fault, aim }: Readonly<Record<string, unknown>>): { readonly id: number; readonly count: number } {
    if (!isOneOf<RestFault>(fault, REST_KINDS))
      throw new TypeError(`fault.kind must be one of ${REST_KINDS.join(', ')}.`);
    return this.#note(fault, this.#faults.add(fault, (aim ?? {}) as FaultAim));
  }

  /** `{fault, aim}` as `Faults.onGateway` takes them. */
  orderOnGateway({ fault, aim }: Readonly<Record<string, unknown>>): { readonly id: number; readonly count: number } {
    if (!isOneOf<GatewayFault>(fault, GATEWAY_KINDS)) {
      throw new TypeError(`fault.kind must be one of ${GATEWAY_KINDS.join(', ')}.`);
    }
    return this.#note(fault, this.#faults.onGateway(fault, (aim ?? {}) as GatewayAim));
  }

  list(): readonly { readonly id: number; readonly kind: string; readonly count: number }[] {
    return this.#ordered.map(({ fault, handle }, id) => ({ id, kind: fault.kind, count: handle.count }));
  }

  /** `{id}`: lets go of what the fault holds, and ends it. */
  release({ id }: Readonly<Record<string, unknown>>): void {
    const ordered = typeof id === 'number' ? this.#ordered[id] : undefined;
    if (ordered === undefined) throw new TypeError('id must be that of a fault.');
    ordered.handle.release();
    ordered.handle.remove();
  }

  #note(fault: RestFault | GatewayFault, handle: FaultHandle | GatewayFaultHandle): { id: number; count: number } {
    this.#ordered.push({ fault, handle });
    return { id: this.#ordered.length - 1, count: handle.count };
  }
}
