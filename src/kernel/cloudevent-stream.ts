import type { CloudEvent } from "./cloudevent.ts";
import { sha256 } from "./hash.ts";
import { STREAM_PATTERN } from "./stream-name.ts";

/** A category or an id that comes from a CloudEvent is at most so long. */
const MAX_LENGTH = 200;
/** What a category begins with that would not begin with a letter. */
const CATEGORY_PREFIX = "source_";

/**
 * The stream of a CloudEvent whose producer knows no streams: what the extension `stream` says, else `<category>-<id>`. The category
 * is the last part of the source, in lower case; the id is the extension `partitionkey`, else the subject, else `default`. Characters
 * that a name cannot have become `_`; what is longer than 200 is cut, and ends with 8 hexadecimal digits of its SHA-256.
 * Undefined where the extension `stream` is no stream's name.
 */
export function streamOfCloudEvent({ source, cloudevent }: CloudEvent): string | undefined {
  const { subject, extensions = {} } = cloudevent;
  const stream = extension(extensions, "stream");
  if (stream !== undefined) return STREAM_PATTERN.test(stream) ? stream : undefined;
  return `${categoryFrom(lastPart(source))}-${idFrom(extension(extensions, "partitionkey") ?? subject ?? "default")}`;
}

function extension(extensions: Readonly<Record<string, string | number | boolean>>, name: string): string | undefined {
  const value = Object.hasOwn(extensions, name) ? String(extensions[name]) : "";
  return value === "" ? undefined : value;
}

/** What stands behind the last `/` that something stands behind; in a URI without any, behind the last `:`. Query and fragment do not count. */
function lastPart(source: string): string {
  const path = source.replace(/[?#].*$/, "");
  return path.split(path.includes("/") ? "/" : ":").findLast((part) => part !== "") ?? source;
}

function categoryFrom(part: string): string {
  const category = part.toLowerCase().replace(/[^a-z0-9_]/gu, "_");
  return cut(/^[a-z]/.test(category) ? category : CATEGORY_PREFIX + category, part);
}

function idFrom(key: string): string {
  const id = key.replace(/[^A-Za-z0-9._~:-]/gu, "_");
  // `.` and `..` are no ids, for URLs do not keep them.
  return cut(/^\.{1,2}$/.test(id) ? "_".repeat(id.length) : id, key);
}

function cut(name: string, original: string): string {
  if (name.length <= MAX_LENGTH) return name;
  const digits = sha256(original).slice("sha256:".length).slice(0, 8);
  return name.slice(0, MAX_LENGTH - digits.length) + digits;
}
