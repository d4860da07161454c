import { v7 } from "uuid";

/** A UUIDv7 (RFC 9562) of the given millisecond: ids made later sort later, to the millisecond. */
export function uuid7(milliseconds: number): string {
  return v7({ msecs: milliseconds });
}
