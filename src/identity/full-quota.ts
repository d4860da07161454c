import type { TenantLimits } from "./tenant.ts";

/** What a tenant's log has taken, as whoever asks knows it. */
export interface Taken {
  readonly eventsToday: () => number | Promise<number>;
  readonly bytesTaken: () => number | Promise<number>;
}

/** A quota of what a tenant's log takes that has no room left. */
export interface FullQuota {
  readonly quota: "eventsPerDay" | "storageBytes";
  readonly most: number;
}

/** The quota for which a tenant's log may take no more for now; undefined where there is room. Nobody is asked where nothing is said. */
export async function fullQuota({ eventsPerDay, storageBytes }: TenantLimits, taken: Taken): Promise<FullQuota | undefined> {
  if (eventsPerDay !== undefined && (await taken.eventsToday()) >= eventsPerDay) return { quota: "eventsPerDay", most: eventsPerDay };
  if (storageBytes !== undefined && (await taken.bytesTaken()) >= storageBytes) return { quota: "storageBytes", most: storageBytes };
  return undefined;
}
