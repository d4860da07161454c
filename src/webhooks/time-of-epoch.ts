/** Seconds since 1970, as producers write them in JSON, as RFC 3339 in UTC with milliseconds; undefined for anything else. */
export function timeOfEpoch(seconds: string | undefined): string | undefined {
  return seconds !== undefined && /^\d{1,11}$/.test(seconds) ? new Date(Number(seconds) * 1000).toISOString() : undefined;
}
