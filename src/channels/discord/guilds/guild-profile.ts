/** What a guild says about itself, beyond who may see what in it (docs: Guild Resource). */
export interface GuildProfile {
  readonly name: string | null;
  readonly description: string | null;
  /** Hash of its picture. */
  readonly icon: string | null;
  readonly features: readonly string[];
  /** 0 (none) to 4 (a verified phone). */
  readonly verificationLevel: number | null;
  readonly nsfwLevel: number | null;
  readonly preferredLocale: string | null;
  readonly memberCount: number | null;
}

export const NO_PROFILE: GuildProfile = {
  name: null,
  description: null,
  icon: null,
  features: [],
  verificationLevel: null,
  nsfwLevel: null,
  preferredLocale: null,
  memberCount: null,
};

/**
 * The fields of a guild object that make its profile, unchecked: one of another kind than it should be counts as none.
 */
export interface ToldProfile {
  readonly name?: unknown;
  readonly description?: unknown;
  readonly icon?: unknown;
  readonly features?: unknown;
  readonly verification_level?: unknown;
  readonly nsfw_level?: unknown;
  readonly preferred_locale?: unknown;
  /** Over the gateway. */
  readonly member_count?: unknown;
  /** Over REST, with `with_counts`. */
  readonly approximate_member_count?: unknown;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string').toSorted() : [];

/** What is not told stays as it was. */
export const profileOf = (told: ToldProfile, former: GuildProfile): GuildProfile => ({
  name: told.name === undefined ? former.name : textOf(told.name),
  description: told.description === undefined ? former.description : textOf(told.description),
  icon: told.icon === undefined ? former.icon : textOf(told.icon),
  features: told.features === undefined ? former.features : textsOf(told.features),
  verificationLevel:
    told.verification_level === undefined ? former.verificationLevel : numberOf(told.verification_level),
  nsfwLevel: told.nsfw_level === undefined ? former.nsfwLevel : numberOf(told.nsfw_level),
  preferredLocale: told.preferred_locale === undefined ? former.preferredLocale : textOf(told.preferred_locale),
  memberCount: numberOf(told.member_count) ?? numberOf(told.approximate_member_count) ?? former.memberCount,
});
