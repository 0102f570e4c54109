import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { ControlApi } from './control/control-api.ts';
import { Faults } from './faults/faults.ts';
import { deletedMessages, groundTruth, trueContacts, trueGroups } from './ground-truth.ts';
import { Household } from './household.ts';
import { MediaHost } from './media/media-host.ts';
import { ON_DEMAND_OPTIONS } from './phone/on-demand.ts';
import { PUSH_OPTIONS } from './phone/push-plan.ts';
import { accountQueries } from './server/iq/account-queries.ts';
import { appStateQueries } from './server/iq/app-state-queries.ts';
import { groupQueries } from './server/iq/group-queries.ts';
import { keyQueries } from './server/iq/key-queries.ts';
import { mediaQueries } from './server/iq/media-queries.ts';
import { userQueries } from './server/iq/user-queries.ts';
import { Server } from './server/server.ts';
import { SimulatedAccount } from './server/simulated-account.ts';
import { TrafficLog } from './server/traffic-log.ts';
import { newParty } from './signal/signal-party.ts';
import type { AccountState } from './state/simulator-state.ts';
import { StateFile } from './state/state-file.ts';
import type { SimulatorOptions, WhatsAppSimulator } from './whatsapp-simulator.ts';
import { makeServerIdentity } from './wire/certificates.ts';
import { buildAccount } from './world/build-account.ts';
import { defaultWorld } from './world/default-world.ts';

const HOST = '127.0.0.1';
const SOCKET_PATH = '/ws/chat';

const freshAccount = (): AccountState => ({
  phone: newParty(),
  contacts: {},
  devices: [],
  nextDeviceId: 1,
  journal: [],
  appState: { keyId: randomBytes(6), keyData: randomBytes(32), collections: {} },
  isBanned: false,
});

export const startWhatsAppSimulator = async (options: SimulatorOptions = {}): Promise<WhatsAppSimulator> => {
  const { port = 0, seed = 1, now = Date.now, stateDir = null } = options;
  const file = new StateFile(stateDir, { seed, bornAt: now(), mediaSecret: randomBytes(32), accounts: {} });
  const { state } = file;
  const { world = defaultWorld } = options;
  const plan = typeof world === 'function' ? world(state.bornAt) : world;
  const log = new TrafficLog();
  const faults = new Faults();
  const media = new MediaHost(stateDir, state.mediaSecret, faults, now);
  const accounts = plan.accounts.map((account) => {
    state.accounts[account.phoneNumber] ??= freshAccount();
    const kept = state.accounts[account.phoneNumber] ?? freshAccount();
    return new SimulatedAccount(buildAccount(account, state.seed), kept, file.changed);
  });
  const households = accounts.map(
    (account) =>
      new Household(account, {
        media,
        log,
        faults,
        now,
        push: { ...PUSH_OPTIONS, ...options.push },
        onDemand: { ...ON_DEMAND_OPTIONS, ...options.onDemand },
        drop: (each) => server.drop(each),
      }),
  );
  const householdOf = (account: SimulatedAccount): Household => {
    const household = households.find((candidate) => candidate.account === account);
    if (household === undefined) throw new RangeError(`No account has the number ${account.phoneNumber}.`);
    return household;
  };
  let bound = port;
  const server = new Server({
    identity: makeServerIdentity(),
    accounts,
    log,
    faults,
    now,
    host: {
      iqs: {
        ...keyQueries,
        ...accountQueries,
        ...userQueries,
        ...appStateQueries(media, options.appState ?? 'patches'),
        ...groupQueries(faults),
        ...mediaQueries(() => `${HOST}:${bound}`),
      },
      active: (session) => householdOf(session.account).active(session),
      message: (session, stanza) => householdOf(session.account).message(session, stanza),
      receipt: (session, stanza) => householdOf(session.account).receipt(session, stanza),
    },
  });
  for (const household of households) await household.restore();

  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, HOST, resolve);
  });
  bound = (http.address() as AddressInfo).port;

  const find = (phoneNumber?: string): Household => {
    const household =
      phoneNumber === undefined ? households[0] : households.find(({ account }) => account.phoneNumber === phoneNumber);
    if (household === undefined) throw new RangeError(`No account has the number ${phoneNumber}.`);
    return household;
  };
  const simulator: WhatsAppSimulator = {
    socketUrl: `ws://${HOST}:${bound}${SOCKET_PATH}`,
    mediaUrl: `http://${HOST}:${bound}`,
    port: bound,
    log,
    faults,
    downloads: media.downloads,
    accounts,
    account: (phoneNumber) => find(phoneNumber).account,
    scan: (qr, phoneNumber) => server.scan(find(phoneNumber).account, qr),
    enterCode: (code, phoneNumber) => server.enterCode(find(phoneNumber).account, code),
    edit: (edit, phoneNumber) => find(phoneNumber).edit(edit),
    unlink: (phoneNumber) => {
      const { account } = find(phoneNumber);
      server.end(account, 'removed');
      for (const device of account.linked) account.removeDevice(device);
    },
    ban: (phoneNumber) => {
      const { account } = find(phoneNumber);
      account.state.isBanned = true;
      file.changed();
      server.end(account, 'banned');
    },
    endSession: (reason, phoneNumber) => server.end(find(phoneNumber).account, reason),
    releaseAnswers: (phoneNumber) => find(phoneNumber).releaseAnswers(),
    dropConnections: (phoneNumber) => server.drop(phoneNumber === undefined ? undefined : find(phoneNumber).account),
    isOnline: (phoneNumber) => find(phoneNumber).account.linked.some(({ line }) => line !== null),
    groundTruth: (scope = {}) => groundTruth(find(scope.account).account.world, scope),
    deleted: (phoneNumber) => deletedMessages(find(phoneNumber).account.world),
    contacts: (phoneNumber) => trueContacts(find(phoneNumber).account.world),
    groups: (phoneNumber) => trueGroups(find(phoneNumber).account.world),
    idle: async (phoneNumber) => find(phoneNumber).idle(),
    close: async () => {
      for (const household of households) await household.close();
      server.drop();
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      http.closeAllConnections();
      await closed;
      sockets.close();
      for (const account of accounts) account.close();
      file.close();
    },
  };
  const control = new ControlApi(simulator);
  http.on('request', (request, response) => {
    if (request.url?.startsWith('/_sim/') === true) void control.serve(request, response);
    else {
      log.seen('download');
      media.serve(request, response);
    }
  });
  http.on('upgrade', (request, socket, head) => {
    if (request.url?.startsWith(SOCKET_PATH) !== true) {
      socket.destroy();
      return;
    }
    const refusal = faults.take('refuseUpgrade', null);
    if (refusal !== null)
      socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    else sockets.handleUpgrade(request, socket, head, (accepted) => server.accept(accepted));
  });
  return simulator;
};
