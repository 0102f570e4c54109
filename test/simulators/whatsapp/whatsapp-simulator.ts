import type { Faults } from './faults/faults.ts';
import type { TrueContact, TrueGroup, TrueMessage, TruthScope } from './ground-truth.ts';
import type { LoggedDownload } from './media/media-host.ts';
import type { OnDemandOptions } from './phone/on-demand.ts';
import type { PushOptions } from './phone/push-plan.ts';
import type { StreamEnd } from './server/front-door.ts';
import type { FirstAppState } from './server/iq/app-state-queries.ts';
import type { SimulatedAccount } from './server/simulated-account.ts';
import type { TrafficLog } from './server/traffic-log.ts';
import type { WorldEdit } from './world/world-edit.ts';
import type { WorldPlan } from './world/world-plan.ts';

export interface SimulatorOptions {
  /** 0 (the default) picks a free one. */
  readonly port?: number;
  /** The worlds and their ids follow from it. Keys do not: they are random. */
  readonly seed?: number;
  /** The simulator's only clock but for `pauseMs`, ms. */
  readonly now?: () => number;
  /**
   * Or how to make it, from the instant (ms) at which the world is built: the first start, if there is a `stateDir`.
   */
  readonly world?: WorldPlan | ((bornAt: number) => WorldPlan);
  /** Where it keeps devices, sessions, queues, files and edits between two lives; without it, nowhere. */
  readonly stateDir?: string | null;
  /** What a phone pushes after pairing. */
  readonly push?: Partial<PushOptions>;
  readonly appState?: FirstAppState;
  /** How a phone answers requests for history. */
  readonly onDemand?: Partial<OnDemandOptions>;
}

/** A WhatsApp to talk to, with phones: the socket, the media host and the control API on one port of loopback. */
export interface WhatsAppSimulator {
  /** For `WHATSAPP_SOCKET_URL` and Baileys' `waWebSocketUrl`. */
  readonly socketUrl: string;
  /** For `WHATSAPP_MEDIA_URL`: `http://127.0.0.1:PORT`, to which a `directPath` is appended. */
  readonly mediaUrl: string;
  readonly port: number;
  readonly log: TrafficLog;
  readonly faults: Faults;
  readonly downloads: readonly LoggedDownload[];
  readonly accounts: readonly SimulatedAccount[];
  /** By phone number; without it, the first. So it is wherever an account is named below. */
  readonly account: (phoneNumber?: string) => SimulatedAccount;
  /** The owner scans a QR code, given as its text. Throws when the phone would refuse it. */
  readonly scan: (qr: string, phoneNumber?: string) => void;
  /** The owner types a pairing code. Throws when nobody waits for one. */
  readonly enterCode: (code: string, phoneNumber?: string) => Promise<void>;
  /** Something happens in the account; gives the id of the message that tells of it, null where there is none. */
  readonly edit: (edit: WorldEdit, phoneNumber?: string) => Promise<string | null>;
  /** The owner removes the linked devices. */
  readonly unlink: (phoneNumber?: string) => void;
  readonly ban: (phoneNumber?: string) => void;
  /** Ends the session in the server's words; the device stays linked. */
  readonly endSession: (reason: StreamEnd, phoneNumber?: string) => void;
  /** Answers that a `lateAnswer` fault holds go out. */
  readonly releaseAnswers: (phoneNumber?: string) => Promise<void>;
  /** Cuts the lines: of one account, or of everybody. */
  readonly dropConnections: (phoneNumber?: string) => void;
  /** A linked device listens. */
  readonly isOnline: (phoneNumber?: string) => boolean;
  /** What an ideal sync stores. */
  readonly groundTruth: (scope?: TruthScope) => Iterable<TrueMessage>;
  /** What was there and was revoked. */
  readonly deleted: (phoneNumber?: string) => Iterable<TrueMessage>;
  readonly contacts: (phoneNumber?: string) => readonly TrueContact[];
  readonly groups: (phoneNumber?: string) => readonly TrueGroup[];
  /** Resolves once the phone has sent what it was sending. */
  readonly idle: (phoneNumber?: string) => Promise<void>;
  readonly close: () => Promise<void>;
}
