const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/;
const SECONDS = [604_800, 86_400, 3_600, 60, 1] as const;

/**
 * An ISO 8601 duration in milliseconds: weeks, days, hours, minutes and seconds (`P1DT12H`). Undefined for anything else, among it
 * years and months, whose length depends on the calendar.
 */
export function durationMilliseconds(text: string): number | undefined {
  const parts = DURATION.exec(text)?.slice(1);
  if (parts === undefined || parts.every((part) => part === undefined)) return undefined;
  const seconds = parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (SECONDS[index] as number), 0);
  return Math.round(seconds * 1000);
}
