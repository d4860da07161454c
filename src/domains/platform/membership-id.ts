/** Who is meant by a membership's id. */
export interface MembershipId {
  readonly tenantId: string;
  readonly userId: string;
}

/** Splits `<tenant>:<user>` at its first colon, since a tenant's id has none; undefined where one of the two is missing. */
export function parseMembershipId(id: string): MembershipId | undefined {
  const [, tenantId, userId] = /^([^:]+):(.+)$/.exec(id) ?? [];
  return tenantId === undefined || userId === undefined ? undefined : { tenantId, userId };
}
