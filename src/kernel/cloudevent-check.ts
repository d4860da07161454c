import { characterCount, isLongerThan } from "./character-count.ts";
import type { CloudEvent } from "./cloudevent.ts";
import { isAbsoluteUri, isCloudEventInteger, isCloudEventString, isMediaType, isTimestamp, isUriReference } from "./cloudevent-types.ts";
import type { CloudEventAttributes } from "./recorded-event.ts";

/** What a CloudEvent's attributes say, once they were found valid: everything but its data. */
export type CheckedAttributes = Omit<CloudEvent, "data">;

interface Rule {
  readonly isValid: (text: string) => boolean;
  readonly expected: string;
  /** The platform's own limit, in characters; that of events that are appended plainly, where they have such a field. */
  readonly maxLength?: number;
}

/** Of any attribute of the specification: more than an event's attributes may take together. */
const MAX_LENGTH = 65_536;

const isNotEmpty = (text: string): boolean => text !== "";

/** The attributes that the specification itself has; all of them are texts. */
const RULES: Readonly<Record<string, Rule>> = {
  specversion: { isValid: (text) => text === "1.0", expected: 'Expected "1.0"' },
  id: { isValid: isNotEmpty, expected: "Expected a text that is not empty", maxLength: 256 },
  source: { isValid: (text) => text !== "" && isUriReference(text), expected: "Expected a URI-reference (RFC 3986) that is not empty", maxLength: 1024 },
  type: { isValid: isNotEmpty, expected: "Expected a text that is not empty", maxLength: 256 },
  subject: { isValid: isNotEmpty, expected: "Expected a text that is not empty, or no subject" },
  time: { isValid: isTimestamp, expected: "Expected an RFC 3339 time, such as 2026-11-20T10:00:00.000Z" },
  dataschema: { isValid: isAbsoluteUri, expected: "Expected an absolute URI (RFC 3986), without a fragment" },
  datacontenttype: { isValid: isMediaType, expected: "Expected a media type (RFC 2046), such as text/plain; charset=utf-8" },
};
const REQUIRED = ["specversion", "id", "source", "type"] as const;

/**
 * Checks a CloudEvent's attributes by CloudEvents 1.0.2 (sections "Context Attributes" and "Type System"), and sorts them.
 * Null is the same as left out, as the JSON format has it. Every fault is told; undefined where there was one.
 */
export function checkAttributes(
  given: Iterable<readonly [name: string, value: unknown]>,
  tell: (name: string, message: string) => void,
): CheckedAttributes | undefined {
  const core = new Map<string, string>();
  const extensions: [string, string | number | boolean][] = [];
  const faulty = new Set<string>();
  const refuse = (name: string, message: string): void => {
    faulty.add(name);
    tell(name, message);
  };
  for (const [name, value] of given) {
    const fault = attributeFault(name, value);
    if (fault !== undefined) refuse(name, fault);
    else if (value === null) continue;
    else if (Object.hasOwn(RULES, name)) core.set(name, value as string);
    else extensions.push([name, value as string | number | boolean]);
  }
  for (const name of REQUIRED) if (!core.has(name) && !faulty.has(name)) refuse(name, `${RULES[name]?.expected}, got none`);
  return faulty.size === 0 ? sorted(core, extensions) : undefined;
}

function sorted(core: ReadonlyMap<string, string>, extensions: readonly [string, string | number | boolean][]): CheckedAttributes {
  const { id = "", source = "", type = "", time, subject, dataschema, datacontenttype } = Object.fromEntries(core) as Partial<Record<string, string>>;
  const cloudevent: CloudEventAttributes = {
    ...(subject !== undefined && { subject }),
    ...(dataschema !== undefined && { dataschema }),
    ...(datacontenttype !== undefined && { datacontenttype }),
    ...(extensions.length > 0 && { extensions: Object.fromEntries(extensions) }),
  };
  return { id, source, type, ...(time !== undefined && { time }), cloudevent };
}

/** What is wrong with an attribute; undefined where nothing is. */
function attributeFault(name: string, value: unknown): string | undefined {
  // `data` is reserved, since some formats put the data beside the attributes.
  if (!/^[a-z0-9]+$/.test(name) || name === "data") return "Expected an attribute's name to be of a-z and 0-9 only, and not data";
  if (value === null) return undefined;
  if (typeof value === "string" && !isCloudEventString(value)) return "Expected a text without control characters, noncharacters and lone surrogates";
  if (Object.hasOwn(RULES, name)) return coreFault(RULES[name] as Rule, value);
  if (typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number") return isCloudEventInteger(value) ? undefined : "Expected a whole number from -2147483648 to 2147483647";
  return "Expected a text, a whole number or a boolean";
}

/** The length goes first: a regular expression given megabytes of text overflows its stack. */
function coreFault({ isValid, expected, maxLength = MAX_LENGTH }: Rule, value: unknown): string | undefined {
  if (typeof value !== "string") return expected;
  if (isLongerThan(value, maxLength)) return `Expected at most ${maxLength} characters, got ${characterCount(value)}`;
  return isValid(value) ? undefined : expected;
}
