/** A stream's name is `<category>-<id>`: the category is what stands before the first `-`. */
export interface StreamName {
  readonly category: string;
  readonly id: string;
}

/** At most 500 characters: with tenant and id it must fit into an object's name, of 1,024 bytes. */
export const CATEGORY_PATTERN = /^[a-z][a-z0-9_]{0,499}$/;
/** Characters of an id at most. */
export const LONGEST_ID = 200;
/** 1 to 200 characters, none of which needs escaping in a URL's path. */
export const STREAM_ID_PATTERN = /^[A-Za-z0-9._~:-]{1,200}$/;
/** Both of them: for schemas. `.` and `..` are refused beside it, since URL parsers eat them. */
export const STREAM_PATTERN = /^[a-z][a-z0-9_]{0,499}-(?!\.{1,2}$)[A-Za-z0-9._~:-]{1,200}$/;

/** Splits a name at its first `-`; undefined where it is no stream's name. */
export function parseStreamName(name: string): StreamName | undefined {
  if (!STREAM_PATTERN.test(name)) return undefined;
  const dash = name.indexOf("-");
  return { category: name.slice(0, dash), id: name.slice(dash + 1) };
}

/** The category of a valid stream name. */
export function categoryOf(stream: string): string {
  return stream.slice(0, stream.indexOf("-"));
}

/** Categories that the platform keeps for itself: nobody appends to them from outside, and lists leave them out unless named. */
export function isPlatformCategory(category: string): boolean {
  return category === "audit" || category.startsWith("rivulet_") || category.startsWith("saga_");
}

/** The id part of a valid stream name. */
export function idOf(stream: string): string {
  return stream.slice(stream.indexOf("-") + 1);
}
