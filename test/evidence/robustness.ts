import { chance } from "../support/chance.ts";
import { type Case, type Ground, plainDraft, refusedCases, validCases } from "./robustness/cases.ts";
import { type OpenApi, type Operation, operationsOf } from "./robustness/description.ts";
import { told } from "./robustness/findings.ts";
import { Judge } from "./robustness/judge.ts";
import { knownThings } from "./robustness/known-things.ts";
import { malformedCases } from "./robustness/malformed.ts";
import { type Memory, memoryFault, memoryOf } from "./robustness/memory.ts";
import { measureMemory } from "./robustness/memory-rounds.ts";
import { naughtyCases } from "./robustness/naughty.ts";
import { sendAllRaw } from "./robustness/raw-run.ts";
import { BEFORE } from "./robustness/recipes.ts";
import { written } from "./robustness/request.ts";
import { Run } from "./robustness/run.ts";
import { changesByRefused, compareBefore, stateOf } from "./robustness/unchanged.ts";

/** What to run against. */
export interface RobustnessOptions {
  readonly url: string;
  /** A key that may do everything. */
  readonly key: string;
  readonly seed: number;
  /** Every naughty string in every place, and ten times the bodies by chance; otherwise a sample. */
  readonly full?: boolean;
  /** Only the operations whose id it matches; left out, all. */
  readonly operations?: RegExp;
  /** The processes whose memory is watched; left out, none is. */
  readonly processes?: () => readonly number[];
}

/** What was done, in numbers. */
export interface RobustnessFigures {
  readonly operations: number;
  /** Requests that each operation took: what has 0 was seen from outside only. */
  readonly taken: Readonly<Record<string, number>>;
  readonly requests: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Refused requests that were looked for in the log. */
  readonly refusedAndTraced: number;
  readonly memory: Memory | undefined;
  readonly seconds: number;
}

/** Naughty strings in each place, where not all are. */
const SAMPLE = 12;
/** Cases of each kind for an operation that follows from a domain, where not all are. */
const DERIVED_SAMPLE = 12;

const isDerived = ({ path }: Operation): boolean => /^\/v1\/(aggregates|views)\//.test(path);

/**
 * Asks every operation of a server's /openapi.json what is valid, what is not, what is malformed and what is naughty, and holds each answer against the
 * description. Gives what is not as promised, each with the command that shows it.
 */
export async function runRobustness(options: RobustnessOptions): Promise<{ readonly figures: RobustnessFigures; readonly failures: readonly string[] }> {
  const { url, key, seed, full = false, operations: wanted = /./, processes } = options;
  const begun = Date.now();
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi;
  const operations = operationsOf(document).filter(({ id }) => wanted.test(id));
  const run = new Run(url, new Judge(document));
  const bytesBefore = processes && memoryOf(processes());
  await setUp(run, key);
  const known = await knownThings(run.client, key, operations);
  const methodsOf = (path: string): readonly string[] => operations.filter((other) => other.path === path).map(({ method }) => method);
  const groundOf = (operation: Operation): Ground => ({
    operation,
    chance: chance(seed),
    seed,
    key,
    known,
    chanceBodies: full ? 200 : 20,
    methods: methodsOf(operation.path),
  });
  // What takes things away comes last, so that the others find them.
  const grounds = operations.toSorted((left, right) => Number(left.method === "DELETE") - Number(right.method === "DELETE")).map(groundOf);

  // What follows from domains is the same code for each of them: of these a sample of the cases is enough, where there is little time.
  const some = <Of extends Case>(ground: Ground, cases: readonly Of[]): readonly Of[] =>
    full || !isDerived(ground.operation) ? cases : ground.chance.shuffled(cases).slice(0, DERIVED_SAMPLE);
  const before = await stateOf(run.client, key, operations);
  for (const ground of grounds) await run.all("forbidden", some(ground, [...refusedCases(ground)]));
  await compareBefore(run, key, operations, before);
  for (const ground of grounds) await run.all("malformed", some(ground, [...malformedCases(ground)]));
  await sendAllRaw(
    run,
    url,
    grounds.map((ground) => ({ ...written(ground.operation, plainDraft(ground)), operation: ground.operation, key })),
  );
  for (const ground of grounds) await run.all("naughty", some(ground, naughtyCases(ground, full ? Infinity : SAMPLE)));
  for (const ground of grounds) await run.all("valid", some(ground, [...validCases(ground)]));
  await changesByRefused(run, key);
  const memory =
    processes && (await measureMemory(run, full ? grounds : grounds.filter(({ operation }) => !isDerived(operation)), { processes, full, bytesBefore }));
  run.close();

  const figures = {
    operations: operations.length,
    taken: Object.fromEntries(operations.map(({ id }) => [id, run.taken.get(id) ?? 0])),
    requests: [...run.byKind.values()].reduce((sum, count) => sum + count, 0),
    byKind: Object.fromEntries(run.byKind),
    byStatus: Object.fromEntries(run.byStatus),
    refusedAndTraced: run.refused.size,
    memory,
    seconds: Math.round((Date.now() - begun) / 1000),
  };
  const fault = memory && memoryFault(memory);
  return { figures, failures: [...run.findings.all().map(told), ...(fault === undefined ? [] : [fault])] };
}

async function setUp(run: Run, key: string): Promise<void> {
  for (const { method, path, body } of BEFORE) {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const { status, text } = await run.client.send({ method, target: path, headers, body: Buffer.from(JSON.stringify(body)) });
    if (status >= 300) throw new Error(`expected ${method} ${path} to be taken, got ${status} ${text.slice(0, 300)}`);
  }
}
