import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ControlApi } from './control/control-api.ts';
import type { DiscordSimulator, SimulatorOptions } from './discord-simulator.ts';
import { Faults } from './faults/faults.ts';
import { Gateway } from './gateway/gateway.ts';
import { deletedMessages, groundTruth } from './ground-truth.ts';
import { trueContacts, trueGroups, trueMembers } from './people-truth.ts';
import { RequestLog } from './request-log.ts';
import { HttpWire } from './rest/http-wire.ts';
import { INVALID_REQUEST_LIMIT, InvalidRequests } from './rest/invalid-requests.ts';
import { DISCORD_RATE_LIMITS, NO_RATE_LIMITS, RateLimiter } from './rest/rate-limiter.ts';
import { RestApi } from './rest/rest-api.ts';
import type { Bot } from './world/bot.ts';
import { defaultWorld } from './world/default-world.ts';
import { World } from './world/world.ts';

const HOST = '127.0.0.1';

export const startDiscordSimulator = async (options: SimulatorOptions = {}): Promise<DiscordSimulator> => {
  const { port = 0, seed = 1, now = Date.now, latencyMs = 0, rateLimits = {} } = options;
  const world = new World(options.world ?? defaultWorld(now()), seed, now);
  const [bot] = world.bots;
  if (bot === undefined) throw new Error('A world needs a bot.');
  const botOf = (token: string | undefined): Bot => world.bots.find((candidate) => candidate.token === token) ?? bot;
  const gateway = new Gateway({
    world,
    seed,
    now,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 41_250,
    identifyIntervalMs: options.identifyIntervalMs ?? 5_000,
  });
  const limiter = new RateLimiter(
    rateLimits === 'off' ? NO_RATE_LIMITS : { ...DISCORD_RATE_LIMITS, ...rateLimits },
    now,
  );
  const invalidRequests = new InvalidRequests(options.invalidRequestLimit ?? INVALID_REQUEST_LIMIT, now);
  const faults = new Faults({ seed, now, gateway, bot });
  const requests = new RequestLog();
  const rest = new RestApi({
    world,
    gateway,
    limiter,
    invalid: invalidRequests,
    faults: faults.rest,
    log: requests,
    now,
  });
  const wire = new HttpWire(rest, latencyMs);
  const server = createServer();

  const simulator = (bound: number): DiscordSimulator => ({
    apiUrl: `http://${HOST}:${bound}/api`,
    port: bound,
    token: bot.token,
    bot,
    world,
    faults,
    requests,
    limiter,
    invalidRequests,
    gateway,
    groundTruth: (token) => groundTruth(world, botOf(token)),
    contacts: (token) => trueContacts(world, botOf(token)),
    groups: (token) => trueGroups(world, botOf(token)),
    members: (token) => trueMembers(world, botOf(token)),
    deleted: () => deletedMessages(world),
    close: async () => {
      faults.clear();
      gateway.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
  const started = simulator((server.address() as AddressInfo).port);
  gateway.url = `ws://${HOST}:${started.port}`;
  const control = new ControlApi(started);
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/_sim/') === true) void control.serve(request, response);
    else wire.serve(request, response);
  });
  server.on('upgrade', (request, socket, head) => gateway.accept(request, socket, head));
  return started;
};
