import { Effect, Exit, Scope, Semaphore } from 'effect';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Letter } from '../../../src/domain/command.ts';
import type { CommandId, InstanceId } from '../../../src/domain/ids.ts';
import { silentLog } from '../../../src/domain/log.ts';
import { silentMetrics } from '../../../src/domain/metrics.ts';
import type { Mailbox } from '../../../src/runtime/messaging/mailbox.ts';
import { PartitionRun } from '../../../src/runtime/node/partition-run.ts';
import type { ProcessSetting } from '../../../src/runtime/process-setting.ts';
import type { SyncTransaction } from '../../../src/sync/store.ts';
import { syncWork } from '../../../src/sync/sync-work.ts';
import { memoryVault } from '../../harness/memory-vault.ts';
import { forgetfulSyncStore } from '../forgetful-sync-store.ts';
import { MemoryRuntimeStore } from '../memory-runtime-store.ts';
import { ModelPlatform } from '../model-platform.ts';

const ID = '0f3e1c52-7a53-4c0a-8c3e-6f2f4d1f2b11' as InstanceId;

let scope: Scope.Closeable;
let deliver: (letter: Letter) => void;
/** Resolved when the mailbox may stop to receive. */
let gone: PromiseWithResolvers<void>;
let store: MemoryRuntimeStore;
let partition: PartitionRun<SyncTransaction>;

const mailbox: Mailbox = {
  publish: () => Effect.void,
  receive: (_fence, toRun) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        deliver = toRun;
      }),
      () => Effect.promise(() => gone.promise),
    ),
};

beforeEach(async () => {
  scope = Scope.makeUnsafe();
  gone = Promise.withResolvers<void>();
  store = new MemoryRuntimeStore(ID);
  const setting: ProcessSetting<SyncTransaction> = {
    store,
    work: syncWork(forgetfulSyncStore, () => null),
    channelOf: () => new ModelPlatform([]).channel,
    credentials: () => Effect.succeed({ token: 'token' }),
    vault: memoryVault,
    limits: () => ({ messages: 600, contacts: 600, unit: 'request', atOnce: null }),
    isTrusted: () => true,
    suspects: Semaphore.makeUnsafe(1),
    chance: { random: () => 0, uuid: () => ID },
    log: silentLog,
    metrics: silentMetrics,
    published: () => {},
    restores: Semaphore.makeUnsafe(1),
  };
  partition = await Effect.runPromise(
    PartitionRun.start({ partition: 1, epoch: 0 }, mailbox, setting, scope, () => {}),
  );
});
afterEach(() => Effect.runPromise(Scope.close(scope, Exit.void)));

it('brings nobody to life for a letter that comes while it stops', async () => {
  const stopping = Effect.runPromise(partition.stop());
  deliver({ commandId: ID as string as CommandId, instanceId: ID, seq: 1, command: { type: 'connect' } });
  expect(partition.find(ID)).toBeNull();
  gone.resolve();
  await stopping;
  expect(partition.processes).toEqual([]);
});
