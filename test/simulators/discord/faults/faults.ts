import type { Gateway } from '../gateway/gateway.ts';
import { CLOSE, INTENT } from '../gateway/protocol.ts';
import type { Bot } from '../world/bot.ts';
import type { PrivilegedIntent } from '../world/world-plan.ts';
import type { FaultAim, FaultHandle, RestFault } from './fault.ts';
import type { GatewayAim, GatewayFault, GatewayFaultHandle } from './gateway-fault.ts';
import { RestFaults } from './rest-faults.ts';

export interface FaultsParts {
  readonly seed: number;
  readonly now: () => number;
  readonly gateway: Gateway;
  /** Whom account faults strike that name nobody. */
  readonly bot: Bot;
}

/** Everything that can be made to go wrong. */
export class Faults {
  readonly rest: RestFaults;
  readonly #gateway: Gateway;
  readonly #bot: Bot;

  constructor({ seed, now, gateway, bot }: FaultsParts) {
    this.rest = new RestFaults(seed, now);
    this.#gateway = gateway;
    this.#bot = bot;
  }

  /** Spoils REST answers. */
  add(fault: RestFault, aim?: FaultAim): FaultHandle {
    return this.rest.add(fault, aim);
  }

  /** Spoils gateway connections. */
  onGateway(fault: GatewayFault, aim?: GatewayAim): GatewayFaultHandle {
    return this.#gateway.faults.add(fault, aim);
  }

  /** The token is worth nothing any more: REST answers 401, the gateway closes with 4004. */
  revokeToken(bot: Bot = this.#bot): void {
    bot.revoked = true;
    this.#gateway.expel(bot, CLOSE.AuthenticationFailed);
  }

  restoreToken(bot: Bot = this.#bot): void {
    bot.revoked = false;
  }

  /** Switches privileged intents off: sessions that use them close with 4014. */
  disableIntents(intents: readonly PrivilegedIntent[], bot: Bot = this.#bot): void {
    for (const intent of intents) bot.privileged.delete(intent);
    this.#gateway.expel(bot, CLOSE.DisallowedIntents, (session) =>
      intents.some((intent) => session.wants(INTENT[intent])),
    );
  }

  enableIntents(intents: readonly PrivilegedIntent[], bot: Bot = this.#bot): void {
    for (const intent of intents) bot.privileged.add(intent);
  }

  /** Ends every fault, and lets go of what is held. */
  clear(): void {
    this.rest.clear();
    this.#gateway.faults.clear();
  }
}
