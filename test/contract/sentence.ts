/** A sentence of the contract, or each part of one that can be true or false by itself, in our own words. */
export interface Sentence {
  readonly says: string;
  /** The tests that show it: `<file> › <title>`, with the title of a `describe` between them where the file has the test's title twice. */
  readonly tests?: readonly string[];
  /** What does not hold yet: then one of the tests is a `test.fails`, and it goes when that test is one like the others. */
  readonly unkept?: string;
  /** The part of the platform that brings it: there is nothing to test before. */
  readonly later?: string;
}

/** A section of the contract, sentence by sentence. */
export interface Section {
  readonly section: string;
  readonly sentences: readonly Sentence[];
}
