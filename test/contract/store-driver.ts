import { randomUUID } from 'node:crypto';
import { Cause, Effect, Exit, Scope } from 'effect';
import type { EntityConnection } from '../../src/db/connection/entity-connection.ts';
import { type Database, databaseOn } from '../../src/db/database.ts';
import { openConnection } from '../../src/db/opening/open-connection.ts';
import type { ListedContact } from '../../src/domain/contact.ts';
import type { ListedConversation } from '../../src/domain/conversation.ts';
import type { ListedGroup, ListedMember } from '../../src/domain/group.ts';
import { type ConversationId, ExternalId, type InstanceId } from '../../src/domain/ids.ts';
import type { Message } from '../../src/domain/message.ts';
import type { Fence } from '../../src/runtime/fence.ts';
import { partitionOf } from '../../src/runtime/partition.ts';
import type { SyncTransaction } from '../../src/sync/store.ts';

/** A database to run the contract suites on. */
export interface StoreDriver {
  readonly name: string;
  /** The directory is fresh; the address, if any, is that of an empty database. */
  readonly prepare: () => Promise<{ readonly databaseUrl: string | null; readonly dataDir: string }>;
  readonly dispose: () => Promise<void>;
}

/** An open database, and the means to look behind it. */
export class StoreRig {
  readonly db: Database;
  readonly connection: EntityConnection;
  readonly #scope: Scope.Closeable;
  #fences: readonly Fence[] = [];

  private constructor(db: Database, connection: EntityConnection, scope: Scope.Closeable) {
    this.db = db;
    this.connection = connection;
    this.#scope = scope;
  }

  static async open(driver: StoreDriver): Promise<StoreRig> {
    const location = await driver.prepare();
    const scope = Effect.runSync(Scope.make());
    const opening = Effect.gen(function* () {
      const connection = yield* openConnection(location);
      return { connection, db: yield* databaseOn(connection, { dataDir: location.dataDir }) };
    });
    const { db, connection } = await Effect.runPromise(Scope.provide(opening, scope));
    const rig = new StoreRig(db, connection, scope);
    rig.#fences = await Effect.runPromise(db.runtime.leases.claimAll('test'));
    return rig;
  }

  close(): Promise<void> {
    return Effect.runPromise(Scope.close(this.#scope, Exit.void));
  }

  rows<R extends object>(text: string, parameters: readonly unknown[] = []): Promise<readonly R[]> {
    return this.connection.query((sql) => sql.rows<R>(text, parameters));
  }

  fence(instanceId: InstanceId): Fence {
    const fence = this.#fences.find(({ partition }) => partition === partitionOf(instanceId));
    if (fence === undefined) throw new Error('The partition was not claimed');
    return fence;
  }

  step<A>(instanceId: InstanceId, body: (tx: SyncTransaction) => Promise<A>): Promise<A> {
    return Effect.runPromise(this.db.runtime.step(this.fence(instanceId), body));
  }

  async instance(name = 'An instance'): Promise<InstanceId> {
    const created = this.db.registry.create(
      { name, channel: 'discord', credentials: { token: randomUUID() } },
      Date.now(),
    );
    return (await Effect.runPromise(created)).id;
  }

  async conversation(instanceId: InstanceId, changes: Partial<ListedConversation> = {}): Promise<ConversationId> {
    const listed = listedConversation(changes);
    return this.step(instanceId, async (tx) => {
      await tx.upsertConversations(instanceId, [listed], Date.now());
      const stored = await tx.conversation(instanceId, listed.externalId);
      if (stored === null) throw new Error('The conversation was not stored');
      return stored.id;
    });
  }
}

/** What an effect failed with; throws if it succeeded or died. */
export const failureOf = async <A, E>(effect: Effect.Effect<A, E>): Promise<E> =>
  Effect.runPromise(Effect.flip(effect));

/** What an effect died of; throws if it succeeded or failed. */
export const defectOf = async <A, E>(effect: Effect.Effect<A, E>): Promise<unknown> => {
  const exit = await Effect.runPromiseExit(effect);
  if (Exit.isSuccess(exit) || !Cause.hasDies(exit.cause)) throw new Error('The effect was expected to die');
  return Cause.squash(exit.cause);
};

/** A contact of whom nothing is told but what is given. */
export const contact = (id: string, changes: Partial<Omit<ListedContact, 'externalId'>> = {}): ListedContact => ({
  externalId: ExternalId.make(id),
  aliases: [],
  names: {},
  phone: null,
  isBot: false,
  ...changes,
});

export const listedGroup = (id: string, changes: Partial<Omit<ListedGroup, 'externalId'>> = {}): ListedGroup => ({
  externalId: ExternalId.make(id),
  kind: 'group',
  parentExternalId: null,
  name: `Group ${id}`,
  description: null,
  ownerExternalId: null,
  createdAt: null,
  memberCount: null,
  metadata: {},
  ...changes,
});

export const listedMember = (
  id: string,
  changes: Partial<Omit<ListedMember, 'contactExternalId'>> = {},
): ListedMember => ({
  contactExternalId: ExternalId.make(id),
  role: 'member',
  nick: null,
  joinedAt: null,
  ...changes,
});

export const listedConversation = (changes: Partial<ListedConversation> = {}): ListedConversation => ({
  externalId: ExternalId.make(randomUUID()),
  parentExternalId: null,
  kind: 'channel',
  name: 'general',
  createdAt: null,
  unreadable: null,
  holdsMessages: true,
  ...changes,
});

export const message = (id: string, changes: Partial<Omit<Message, 'externalId'>> = {}): Message => ({
  externalId: ExternalId.make(id),
  senderId: 'someone',
  isFromMe: false,
  type: 'text',
  text: `Text of ${id}`,
  payload: { id },
  timestamp: Date.UTC(2026, 0, 1),
  editedAt: null,
  ...changes,
});
