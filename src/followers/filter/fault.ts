/** What is wrong with a filter, and where in it: names and indexes from its top. Of a text, which has no parts, the path is empty. */
export interface FilterFault {
  readonly path: readonly (string | number)[];
  /** What was expected, and what was there. */
  readonly message: string;
}

/** Of a filter with more faults than that, the others are not told. */
const MOST_FAULTS = 100;

/** Collects what is wrong, so that all of it can be told at once. */
export class Faults {
  readonly found: FilterFault[] = [];

  /** Gives undefined, so that a reader can end with it. */
  add(path: FilterFault["path"], expected: string, got: string): undefined {
    if (this.found.length < MOST_FAULTS) this.found.push({ path, message: `Expected ${expected}, got ${got}` });
  }
}

const LONGEST_SHOWN = 60;

/** A value as a message shows it: its JSON, cut where it is long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}
