import { kebabName, type Name } from "./names.ts";
import type { Plan } from "./plan.ts";
import { type Aggregate, aggregateOf, expectFreeView, moduleOf, modulesOf } from "./project.ts";
import { stopped } from "./refusal.ts";
import { withImport, withReExport } from "./source-edit.ts";

/** A new view of an aggregate's events, which counts them to begin with; its spec, and its place in the module. */
export async function projectionPlan(
  root: string,
  [domain, given]: readonly (string | undefined)[],
  options: { readonly aggregate?: string | undefined },
): Promise<Plan> {
  const { kebab } = kebabName("domain", domain);
  const view = kebabName("view", given);
  const { module, path, text } = await moduleOf(root, kebabName("domain", domain));
  if (module.projections.some(({ name }) => name === view.snake))
    throw stopped("refused", `expected no view ${view.snake} of ${kebab} yet, but ${path} has it`);
  expectFreeView(await modulesOf(root), view.snake);
  const found = await aggregateOf(root, kebabName("domain", domain), kebabName("aggregate", options.aggregate ?? onlyAggregate(kebab, module.deciders)));
  const spec = `test/unit/domains/${kebab}/${view.kebab}.test.ts`;
  return {
    creates: { [`src/domains/${kebab}/views/${view.kebab}.ts`]: viewText(found, view), [spec]: specText(found, view) },
    edits: { [path]: withView(path, text, view) },
    next: [
      `npx vitest run --config test/vitest.config.mts --project unit ${spec}`,
      `npm start, then GET /v1/views/${view.snake}; it is folded from the beginning of the log`,
      `say in src/domains/${kebab}/views/${view.kebab}.ts what its rows are; raise its version whenever that changes`,
    ],
  };
}

function onlyAggregate(domain: string, deciders: readonly { readonly category: string }[]): string {
  const [only, ...others] = deciders.map(({ category }) => category.replaceAll("_", "-"));
  if (only !== undefined && others.length === 0) return only;
  throw stopped("usage", `expected --aggregate, one of ${[only, ...others].join(", ")}, since ${domain} has not just one`);
}

function withView(path: string, text: string, { kebab, camel }: Name): string {
  const statement = `import { ${camel} } from "./views/${kebab}.ts";`;
  const lists = [...text.matchAll(/\bprojections: \[([\w\s,]*)\]/g)];
  const [list] = lists;
  const names = (list?.[1] ?? "").split(",").map((name) => name.trim());
  if (list === undefined || lists.length > 1 || new RegExp(`\\b${camel}\\b`).test(text)) {
    throw stopped(
      "refused",
      `expected ${path} to have one list of projections, each a name, and none of the name ${camel}. Nothing was changed; add by hand\n  ${statement}\n  and ${camel} to the projections`,
    );
  }
  const all = [...names.filter((name) => name !== ""), camel].join(", ");
  return withReExport(withImport(text.replace(list[0], `projections: [${all}]`), statement), `export { ${camel} } from "./views/${kebab}.ts";`);
}

function viewText({ events, decider, name: { kebab, camel } }: Aggregate, view: Name): string {
  const handlers = [...decider.forms.keys()].map((type) => `    "${type}": counted,`);
  return `import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { ${events} } from "../${kebab}.ts";

const row = z.object({
  ${camel}Id: z.string(),
  /** How many events there were. */
  events: z.int(),
  /** When the newest was taken. */
  updatedAt: z.string(),
});

type Counts = Omit<z.output<typeof row>, "${camel}Id">;

/** The view \`${view.snake}\`: how much happened, and when last? */
export const ${view.camel} = defineProjection({
  name: "${view.snake}",
  version: 1,
  events: [${events}],
  key: "${camel}Id",
  row,
  on: {
${handlers.join("\n")}
  },
});

function counted(row: Counts | undefined, { recorded }: { readonly recorded: string }): Counts {
  return { events: (row?.events ?? 0) + 1, updatedAt: recorded };
}
`;
}

function specText({ domain, decider, name: { snake, camel } }: Aggregate, view: Name): string {
  const facts = [...decider.forms.values()].map(({ type, schemaVersion }) => {
    const version = schemaVersion > 1 ? `, schemaVersion: ${schemaVersion}` : "";
    return `  happened("${snake}-1", { type: "${type}", data: {}${version} }, LATER),`;
  });
  return `import { expect, test } from "vitest";
import { ${view.camel} } from "../../../../src/domains/${domain}/views/${view.kebab}.ts";
import { givenLog, happened } from "../../../../src/testing/index.ts";

const LATER = "2026-02-01T00:00:00.000Z";
// The view reads no data, so these need none.
const log = [
${facts.join("\n")}
];

test("${view.snake} counts what happened, and says when last", () => {
  givenLog(${view.camel}, ...log).thenRows({ ${camel}Id: "1", events: log.length, updatedAt: LATER });
});

test("${view.snake} keeps streams apart, and is empty before anything happened", () => {
  const both = [...log, ...log.map((event) => ({ ...event, stream: "${snake}-2" }))];
  expect(givenLog(${view.camel}, ...both).rows.map((row) => row["events"])).toEqual([log.length, log.length]);
  givenLog(${view.camel}).thenRows();
});
`;
}
