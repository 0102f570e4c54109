import type { ChannelName } from '../../domain/channel-name.ts';
import type { LearnedAlias, ListedContact } from '../../domain/contact.ts';
import type { AmendedGroup, ListedGroup, ListedMember } from '../../domain/group.ts';
import type { InstanceId, JobId } from '../../domain/ids.ts';
import type { StoredCounts } from '../stored-counts.ts';

/**
 * One reading of a whole list, page by page. Each page notes what it saw; when the last one is stored, `sweep…` marks
 * what no page saw. The notes are rows, committed with their page, so a survey goes on after a crash where it was.
 */
export interface Survey {
  readonly jobId: JobId;
  /** ms: what was stored or changed since is not judged, for it may have come behind the survey's back. */
  readonly startedAt: number;
}

/** What a set says of those that are not in it: they are gone ('all'), a survey will tell, or nothing (null). */
export type Completeness = Survey | 'all' | null;

/**
 * The writes about contacts, groups and members inside a step. Each takes a set, in any order and with repetitions
 * (the last wins; of contacts, for each thing that it tells), and is a handful of statements whatever its size; up to
 * a few thousand at a time. External ids may be aliases. Rows that are as listed are not touched. What was marked as
 * gone and is listed again comes back (`updated`).
 */
export interface PeopleTransaction {
  /**
   * Stores contacts, and links each new one to a person: the one with its phone, whoever made it; without a phone the
   * one of the same account on another instance; otherwise a new one. However many instances and nodes do so at once,
   * a phone has one person. Their aliases are learned. A link made by hand is left alone.
   */
  readonly storeContacts: (
    instanceId: InstanceId,
    channel: ChannelName,
    contacts: readonly ListedContact[],
    at: number,
    survey?: Survey,
  ) => Promise<StoredCounts>;
  /**
   * An account that was known by the alias only gets the external id and phone; one that was known by both becomes one,
   * and so do their persons. Returns how many aliases were new. Accounts need not be known yet.
   */
  readonly learnAliases: (
    instanceId: InstanceId,
    channel: ChannelName,
    aliases: readonly LearnedAlias[],
    at: number,
  ) => Promise<number>;
  readonly storeGroups: (
    instanceId: InstanceId,
    groups: readonly ListedGroup[],
    at: number,
    completeness?: Completeness,
  ) => Promise<StoredCounts>;
  /** Of groups that are stored; one that is not waits for a listing. Returns how many were changed. */
  readonly amendGroups: (instanceId: InstanceId, groups: readonly AmendedGroup[], at: number) => Promise<number>;
  /** Members of a group that is not stored are not stored either, and counted as duplicates. */
  readonly storeMembers: (
    instanceId: InstanceId,
    groupExternalId: string,
    members: readonly ListedMember[],
    at: number,
    completeness?: Completeness,
  ) => Promise<StoredCounts>;

  /** Marks contacts that the survey has not seen, and forgets what it saw. Returns how many were marked. */
  readonly sweepContacts: (instanceId: InstanceId, survey: Survey, at: number) => Promise<number>;
  /** Takes their saved names from contacts that the survey has not seen. Returns how many they were. */
  readonly sweepSavedNames: (instanceId: InstanceId, survey: Survey, at: number) => Promise<number>;
  readonly sweepGroups: (instanceId: InstanceId, survey: Survey, at: number) => Promise<number>;
  readonly sweepMembers: (
    instanceId: InstanceId,
    groupExternalId: string,
    survey: Survey,
    at: number,
  ) => Promise<number>;
  /** Forgets what a survey saw that will never be swept. */
  readonly forgetSurvey: (jobId: JobId) => Promise<void>;

  /** The platform said so: these are contacts, groups, members no more. Return how many were marked. */
  readonly markContactsGone: (instanceId: InstanceId, externalIds: readonly string[], at: number) => Promise<number>;
  readonly markGroupsLeft: (instanceId: InstanceId, externalIds: readonly string[], at: number) => Promise<number>;
  readonly markMembersLeft: (
    instanceId: InstanceId,
    groupExternalId: string,
    contactExternalIds: readonly string[],
    at: number,
  ) => Promise<number>;

  /** Contacts that are not gone. */
  readonly countContacts: (instanceId: InstanceId) => Promise<number>;
}
