import { v7 } from "uuid";

/** When a UUIDv7 was made, in milliseconds since 1970; undefined for what is none. */
export function uuid7Time(id: string): number | undefined {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(id) ?? [];
  return high === undefined ? undefined : Number.parseInt(`${high}${low}`, 16);
}

/** A UUIDv7 (RFC 9562) of the given millisecond: ids made later sort later, to the millisecond. */
export function uuid7(milliseconds: number): string {
  return v7({ msecs: milliseconds });
}
