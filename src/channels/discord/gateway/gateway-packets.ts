import { GatewayDispatchEvents, GatewayOpcodes } from 'discord.js';
import { isGatewayUrl } from '../rest/gateway-answer.ts';

/** What Discord names in every HELLO, ms; for a server that names nothing. */
const HEARTBEAT_INTERVAL_MS = 41_250;

interface Packet {
  readonly op?: unknown;
  readonly t?: unknown;
  d?: unknown;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Whether a session may be resumed at an address. It is shown the token: where a stand-in is configured, such an
 * address must not lead to anybody else.
 */
const isTrusted = (resumeUrl: unknown, gatewayUrl: string, isStandIn: boolean): boolean => {
  if (typeof resumeUrl !== 'string' || !isGatewayUrl(resumeUrl)) return false;
  const { hostname } = new URL(resumeUrl);
  return !isStandIn || LOOPBACK.test(hostname) || hostname === new URL(gatewayUrl).hostname;
};

interface LinkOf {
  readonly gatewayUrl: string;
  /** True when the gateway is not Discord's own. */
  readonly isStandIn: boolean;
}

/**
 * Puts right in a packet what the library takes for granted: a number where HELLO names the interval, the lists of
 * READY, a usable address to resume at (without one the gateway's own is taken), a yes or no in "invalid session", and
 * not the same yes twice in a row, which it would answer at once, for ever. One for each shard.
 */
export const packetMender = ({ gatewayUrl, isStandIn }: LinkOf): ((packet: unknown) => void) => {
  let refusals = 0;

  const mendHello = ({ d }: Packet): object => {
    const interval = isObject(d) && 'heartbeat_interval' in d ? d.heartbeat_interval : null;
    const isUsable = typeof interval === 'number' && interval > 0;
    return { ...(isObject(d) ? d : {}), heartbeat_interval: isUsable ? interval : HEARTBEAT_INTERVAL_MS };
  };

  const mendReady = (ready: object): object => {
    const told: { application?: unknown; guilds?: unknown; resume_gateway_url?: unknown } = ready;
    return {
      ...ready,
      application: isObject(told.application) ? told.application : {},
      guilds: Array.isArray(told.guilds) ? told.guilds.filter(isObject) : [],
      resume_gateway_url: isTrusted(told.resume_gateway_url, gatewayUrl, isStandIn)
        ? told.resume_gateway_url
        : undefined,
    };
  };

  return (packet) => {
    if (!isObject(packet)) return;
    const mended: Packet = packet;
    if (mended.op === GatewayOpcodes.Hello) mended.d = mendHello(mended);
    if (mended.op === GatewayOpcodes.InvalidSession) mended.d = mended.d === true && ++refusals === 1;
    if (mended.t === GatewayDispatchEvents.Ready && isObject(mended.d)) mended.d = mendReady(mended.d);
    if (mended.t === GatewayDispatchEvents.Ready || mended.t === GatewayDispatchEvents.Resumed) refusals = 0;
  };
};
