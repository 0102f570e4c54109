import { Effect, Exit, Scope } from 'effect';
import type { Connection, ConnectionReport, OpenRequest } from '../../../src/channels/channel.ts';
import { whatsappChannel } from '../../../src/channels/whatsapp/whatsapp-channel.ts';
import { InstanceId } from '../../../src/domain/ids.ts';
import type { Log } from '../../../src/domain/log.ts';
import type { WhatsAppSimulator } from '../../simulators/whatsapp/whatsapp-simulator.ts';

type Told<Type extends ConnectionReport['type']> = Extract<ConnectionReport, { type: Type }>;

export interface OpenedWith extends Partial<Pick<OpenRequest, 'credentials' | 'pairWith'>> {
  readonly vault: OpenRequest['vault'];
  readonly answerTimeoutMs?: number;
  readonly loginLimitMs?: number;
  readonly queryTimeoutMs?: number;
  readonly log?: Log;
}

interface Addresses {
  readonly socketUrl: string;
  readonly mediaUrl: string | null;
}

/** A channel that is open, as the core would hold it, and everything that it reported. */
export class OpenChannel {
  readonly connection: Connection;
  readonly reports: ConnectionReport[] = [];
  readonly #scope = Effect.runSync(Scope.make());
  readonly #watchers = new Set<() => void>();

  private constructor({ socketUrl, mediaUrl }: Addresses, { vault, credentials, pairWith, ...options }: OpenedWith) {
    const channel = whatsappChannel({ socketUrl, mediaUrl, ...options });
    this.connection = Effect.runSync(
      channel
        .open({
          instanceId: InstanceId.make('00000000-0000-4000-8000-000000000001'),
          credentials: credentials ?? { historyDepth: 'recent' },
          vault,
          ...(pairWith === undefined ? {} : { pairWith }),
          report: (report) => {
            this.reports.push(report);
            for (const watcher of [...this.#watchers]) watcher();
          },
        })
        .pipe(Scope.provide(this.#scope)),
    );
  }

  static at(addresses: Addresses, options: OpenedWith): OpenChannel {
    return new OpenChannel(addresses, options);
  }

  static open(simulator: WhatsAppSimulator, options: OpenedWith): OpenChannel {
    return new OpenChannel(simulator, options);
  }

  /** Opens, has the first QR code scanned, and waits until the account is let in. */
  static async pair(simulator: WhatsAppSimulator, options: OpenedWith): Promise<OpenChannel> {
    const opened = new OpenChannel(simulator, options);
    await opened.scanned(simulator);
    await opened.told('connectionOpened');
    return opened;
  }

  /** Shown to the owner, who does what is wanted. */
  async scanned(simulator: WhatsAppSimulator): Promise<void> {
    const { offer } = await this.told('pairingOffered');
    if (offer.kind === 'qr') simulator.scan(offer.qr);
    else await simulator.enterCode(offer.code);
  }

  /** The first report of this type that `accept` takes, of those so far or to come. */
  told<Type extends ConnectionReport['type']>(
    type: Type,
    accept: (report: Told<Type>) => boolean = () => true,
  ): Promise<Told<Type>> {
    const isIt = (report: ConnectionReport): report is Told<Type> =>
      report.type === type && accept(report as Told<Type>);
    return this.until(() => this.reports.find(isIt));
  }

  of<Type extends ConnectionReport['type']>(type: Type): readonly Told<Type>[] {
    return this.reports.filter((report): report is Told<Type> => report.type === type);
  }

  /** Looks now, and again whenever something was reported. */
  until<A>(look: () => A | undefined): Promise<A> {
    const { promise, resolve } = Promise.withResolvers<A>();
    const watcher = (): void => {
      const seen = look();
      if (seen === undefined) return;
      this.#watchers.delete(watcher);
      resolve(seen);
    };
    this.#watchers.add(watcher);
    watcher();
    return promise;
  }

  close(): Promise<void> {
    return Effect.runPromise(Scope.close(this.#scope, Exit.void));
  }
}
