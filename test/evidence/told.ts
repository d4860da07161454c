import { appendFileSync } from "node:fs";

/** What the evidence consists of, in the order of the page. */
export const EVIDENCE = ["simulation", "crash points", "kill -9", "followers", "sagas", "guards", "robustness"] as const;
export type EvidenceName = (typeof EVIDENCE)[number];

/** One line of the page: what was done, and what came of it. */
export interface Told {
  readonly name: EvidenceName;
  readonly figures: string;
}

/** Says what a piece of evidence has found: to the reader, and to `npm run evidence`, which puts the page together. */
export function tell(name: EvidenceName, figures: string): void {
  console.log(`${name}: ${figures}`);
  const page = process.env["EVIDENCE_PAGE"];
  if (page) appendFileSync(page, `${JSON.stringify({ name, figures } satisfies Told)}\n`);
}
