import { Buffer } from "node:buffer";

/**
 * The types that the attributes of a CloudEvent have, each as a test of its string encoding
 * (CloudEvents 1.0.2, section "Type System"; https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).
 */

/** `String`: no control characters, no noncharacters, no lone surrogates. */
export function isCloudEventString(text: string): boolean {
  return /^[^\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]*$/u.test(text);
}

/** `Integer`: what a signed integer of 32 bits holds. */
export function isCloudEventInteger(value: number): boolean {
  return Number.isInteger(value) && value >= -2_147_483_648 && value <= 2_147_483_647;
}

/** `Binary`: base64 of RFC 4648, section 4, as its encoders write it: padded, and with zeros in the bits that are left over. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && Buffer.from(text, "base64").toString("base64") === text;
}

const UNRESERVED = "A-Za-z0-9._~\\-";
const SUB_DELIMS = "!$&'()*+,;=";
const ESCAPED = "%[0-9A-Fa-f]{2}";
const PCHAR = `(?:[${UNRESERVED}${SUB_DELIMS}:@]|${ESCAPED})`;
const SEGMENT_WITHOUT_COLON = `(?:[${UNRESERVED}${SUB_DELIMS}@]|${ESCAPED})+`;
/** What stands in the brackets of an IP literal is checked by itself. */
const AUTHORITY = `(?:(?:[${UNRESERVED}${SUB_DELIMS}:]|${ESCAPED})*@)?(?:\\[(?<ip>[^\\]]*)\\]|(?:[${UNRESERVED}${SUB_DELIMS}]|${ESCAPED})*)(?::\\d*)?`;
const ABSOLUTE_PATH = `/(?:${PCHAR}+(?:/${PCHAR}*)*)?`;
const QUERY = `(?:[?](?:${PCHAR}|[/?])*)?`;
const FRAGMENT = `(?:#(?:${PCHAR}|[/?])*)?`;
/** RFC 3986, appendix A: `absolute-URI` without its scheme, and `relative-ref` without its fragment. */
const HIERARCHY = `(?://${AUTHORITY}(?:/${PCHAR}*)*|${ABSOLUTE_PATH}|${PCHAR}+(?:/${PCHAR}*)*)?${QUERY}`;
const RELATIVE = `(?://${AUTHORITY}(?:/${PCHAR}*)*|${ABSOLUTE_PATH}|${SEGMENT_WITHOUT_COLON}(?:/${PCHAR}*)*)?${QUERY}`;
const SCHEME = "[A-Za-z][A-Za-z0-9+.-]*:";

const ABSOLUTE_URI = new RegExp(`^${SCHEME}${HIERARCHY}$`);
const URI = new RegExp(`^${SCHEME}${HIERARCHY}${FRAGMENT}$`);
const RELATIVE_REFERENCE = new RegExp(`^${RELATIVE}${FRAGMENT}$`);

/** `URI`: an absolute URI of RFC 3986, section 4.3, which has no fragment. */
export function isAbsoluteUri(text: string): boolean {
  return matchesUri(ABSOLUTE_URI, text);
}

/** `URI-reference`: RFC 3986, section 4.1. The empty text is one. */
export function isUriReference(text: string): boolean {
  return matchesUri(URI, text) || matchesUri(RELATIVE_REFERENCE, text);
}

function matchesUri(form: RegExp, text: string): boolean {
  const match = form.exec(text);
  const ip = match?.groups?.["ip"];
  if (match === null || ip === undefined) return match !== null;
  return /^[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+$/.test(ip) || (/^[0-9A-Fa-f:.]+$/.test(ip) && URL.canParse(`http://[${ip}]`));
}

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** `Timestamp`: RFC 3339, section 5.6. Second 60 only where a leap second can be: at 23:59 in UTC. */
export function isTimestamp(text: string): boolean {
  const match = DATE_TIME.exec(text);
  if (match === null) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [offsetHour = 0, offsetMinute = 0] = match.slice(8).map((digits) => Number(digits ?? 0));
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false;
  if (hour > 23 || minute > 59 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second < 60) return true;
  const offset = (offsetHour * 60 + offsetMinute) * (match[7] === "-" ? -1 : 1);
  return second === 60 && (hour * 60 + minute - offset + 2880) % 1440 === 1439;
}

/**
 * The moment that a `Timestamp` names, in UTC with milliseconds. A leap second is the last millisecond before the next minute, since
 * our clock has none. A year that an offset takes out of four digits would not sort as text, so it is held at the edge.
 */
export function momentOf(timestamp: string): string {
  const utc = new Date(timestamp.toUpperCase().replace(/:60(?:\.\d+)?/, ":59.999")).toISOString();
  return /^\d{4}-/.test(utc) ? utc : utc.startsWith("-") ? "0000-01-01T00:00:00.000Z" : "9999-12-31T23:59:59.999Z";
}

function daysIn(year: number, month: number): number {
  // 400 years later the calendar is the same, and Date.UTC takes years below 100 for those of another century.
  return new Date(Date.UTC(year + 400, month, 0)).getUTCDate();
}

const TOKEN = "[!#$%&'*+.^_`{|}~0-9A-Za-z-]+";
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}(?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"(?:[^"\\\\\\r]|\\\\.)*"))*$`);

/** A media type with its parameters, as RFC 2046 has it (the grammar is in RFC 2045, section 5.1). */
export function isMediaType(text: string): boolean {
  return MEDIA_TYPE.test(text);
}

/** Whether data of this type is JSON: a subtype `json` or `…+json`. No type at all means `application/json` (JSON format 1.0.2, section 3.1.1). */
export function isJsonType(mediaType: string | undefined): boolean {
  return mediaType === undefined || /^[^/;]+\/(?:[^;]*\+)?json$/i.test((mediaType.split(";")[0] as string).trim());
}
