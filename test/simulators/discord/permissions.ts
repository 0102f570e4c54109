/** Permission bits that history reading depends on. https://discord.com/developers/docs/topics/permissions */
export const PERMISSION = {
  Administrator: 1n << 3n,
  ViewChannel: 1n << 10n,
  SendMessages: 1n << 11n,
  ReadMessageHistory: 1n << 16n,
  Connect: 1n << 20n,
  ManageThreads: 1n << 34n,
} as const;

export type PermissionName = keyof typeof PERMISSION;

const ALL_PERMISSIONS = (1n << 53n) - 1n;

export const bitsOf = (names: readonly PermissionName[]): bigint =>
  names.reduce((bits, name) => bits | PERMISSION[name], 0n);

export interface Overwrite {
  readonly id: string;
  /** 0: a role, 1: a member. */
  readonly type: 0 | 1;
  readonly allow: bigint;
  readonly deny: bigint;
}

export interface Bearer {
  readonly userId: string;
  readonly isOwner: boolean;
  /** Without @everyone. */
  readonly roleIds: readonly string[];
}

/** What a member may do in a channel, by Discord's algorithm: roles, then @everyone, role and member overwrites. */
export const effectivePermissions = (
  bearer: Bearer,
  everyoneId: string,
  rolePermissions: ReadonlyMap<string, bigint>,
  overwrites: readonly Overwrite[],
): bigint => {
  if (bearer.isOwner) return ALL_PERMISSIONS;
  const base = [everyoneId, ...bearer.roleIds].reduce((bits, id) => bits | (rolePermissions.get(id) ?? 0n), 0n);
  if ((base & PERMISSION.Administrator) !== 0n) return ALL_PERMISSIONS;

  const ofRoles = overwrites.filter(({ id, type }) => type === 0 && bearer.roleIds.includes(id));
  const layers = [
    overwrites.filter(({ id, type }) => type === 0 && id === everyoneId),
    ofRoles,
    overwrites.filter(({ id, type }) => type === 1 && id === bearer.userId),
  ];
  return layers.reduce((bits, layer) => {
    const deny = layer.reduce((sum, overwrite) => sum | overwrite.deny, 0n);
    const allow = layer.reduce((sum, overwrite) => sum | overwrite.allow, 0n);
    return (bits & ~deny) | allow;
  }, base);
};
