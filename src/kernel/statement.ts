/** A value that SQLite keeps. Booleans are 0 and 1; bigints are refused by D1. */
export type SqlValue = string | number | null;

/** A piece of SQL as data: the text with `?` in it, and what stands for each. At most 100 parameters and 100 KB of text. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** Writes a statement: each `${value}` becomes a parameter, never text. */
export function sql(parts: TemplateStringsArray, ...params: readonly SqlValue[]): Statement {
  return { sql: parts.join("?"), params };
}
