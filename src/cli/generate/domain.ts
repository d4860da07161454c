import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { kebabName, type Name, singularOf } from "./names.ts";
import type { Plan } from "./plan.ts";
import { expectFreeCategory, expectFreeView, LIST, modulesOf } from "./project.ts";
import { stopped } from "./refusal.ts";
import { withImport } from "./source-edit.ts";

/** A new domain: an aggregate with one command and one event, a view of it, specs of both, and its line in the list of domains. */
export async function domainPlan(root: string, given: string | undefined, options: { readonly aggregate?: string | undefined }): Promise<Plan> {
  const domain = kebabName("domain", given);
  const one = kebabName("aggregate", options.aggregate ?? singularOf(domain.kebab) ?? domain.kebab);
  if (one.camel === domain.camel) throw stopped("usage", `expected --aggregate, a name for one of ${domain.kebab}: ${domain.camel} is the domain's own`);
  const view = kebabName("view", `${one.kebab}-list`);
  const folder = `src/domains/${domain.kebab}`;
  const specs = `test/unit/domains/${domain.kebab}`;
  const creates = {
    [`${folder}/${one.kebab}.ts`]: aggregateText(domain, one),
    [`${folder}/views/${view.kebab}.ts`]: viewText(domain, one, view),
    [`${folder}/index.ts`]: indexText(domain, one, view),
    [`${specs}/${one.kebab}.test.ts`]: specText(domain, one, view),
  };
  // Said before anything else, so that a second run says what is the matter and not that its own category is taken.
  const there = Object.keys(creates).filter((path) => existsSync(join(root, path)));
  if (there.length > 0) throw stopped("refused", `expected no domain ${domain.kebab} yet, but there ${there.length === 1 ? "is" : "are"} ${there.join(", ")}`);
  const modules = await modulesOf(root);
  if (modules.some(({ name }) => name === domain.kebab)) throw stopped("refused", `expected no domain ${domain.kebab} yet, but a module has its name`);
  expectFreeCategory(modules, one.snake);
  expectFreeView(modules, view.snake);
  return {
    creates,
    edits: { [LIST]: listed(await readFile(join(root, LIST), "utf8"), domain) },
    next: [
      `npx vitest run --config test/vitest.config.mts --project unit ${specs}`,
      `npm start, then POST /v1/aggregates/${one.snake}/1/Create${one.pascal} with {"name":"first"}; GET /v1/aggregates/${one.snake}/1; GET /v1/views/${view.snake}`,
      `npx rivulet generate command ${domain.kebab} ${one.kebab} Close${one.pascal}`,
    ],
  };
}

/** The list of domains with one more: in the order of names, its import in the order of paths. */
function listed(text: string, { kebab, camel }: Name): string {
  const lists = [...text.matchAll(/^(export const modules: readonly Module\[\] = \[)([\w\s,]*)(\];)$/gm)];
  const [list] = lists;
  const entry = `import { ${camel} } from "./${kebab}/index.ts";`;
  if (list === undefined || lists.length > 1) {
    throw stopped(
      "refused",
      `expected ${LIST} to have one list of modules, each a name. Nothing was changed; add by hand\n  ${entry}\n  and ${camel} to the list`,
    );
  }
  const [whole, head, names = "", tail] = list;
  const before = names.split(",").map((name) => name.trim());
  const known = before.filter((name) => name !== "");
  if (known.includes(camel)) throw stopped("refused", `expected no ${camel} in ${LIST} yet, but a domain is imported by that name`);
  const after = known.findIndex((name) => name > camel);
  const all = known.toSpliced(after === -1 ? known.length : after, 0, camel);
  return withImport(text.replace(whole, `${head}${all.join(", ")}${tail}`), entry);
}

function aggregateText(domain: Name, { camel, pascal, snake, words }: Name): string {
  return `import { z } from "zod";
import { defineDecider, defineEvents, reject } from "../../kernel/index.ts";

const name = z.string().min(1).max(200);

/** What happens to ${words}s: facts, in the past tense. */
export const ${camel}Events = defineEvents("${domain.kebab}", {
  ${pascal}Created: z.object({ name, at: z.iso.datetime() }),
});

/** What the decisions about one need to know. */
export interface ${pascal} {
  readonly name?: string;
  readonly createdAt?: string;
}

/** The aggregate \`${snake}\`. */
export const ${camel} = defineDecider({
  category: "${snake}",
  events: ${camel}Events,
  commands: {
    Create${pascal}: z.object({ name }),
  },
  initialState: (): ${pascal} => ({}),
  evolve: {
    ${pascal}Created: (state, { data }) => ({ ...state, name: data.name, createdAt: data.at }),
  },
  decide: {
    Create${pascal}({ data }, { createdAt, name }, { now }) {
      if (createdAt === undefined) return ${camel}Events.${pascal}Created({ name: data.name, at: now });
      return name === data.name ? [] : reject("already_created", "There is one of this id already, with another name: choose another id.");
    },
  },
});
`;
}

function viewText(domain: Name, one: Name, view: Name): string {
  return `import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { ${one.camel}Events } from "../${one.kebab}.ts";

const row = z.object({
  ${one.camel}Id: z.string(),
  name: z.string(),
  createdAt: z.string(),
});

/** The view \`${view.snake}\`: which are there, and since when? */
export const ${view.camel} = defineProjection({
  name: "${view.snake}",
  version: 1,
  events: [${one.camel}Events],
  key: "${one.camel}Id",
  row,
  search: ["name"],
  on: {
    "${domain.kebab}.${one.pascal}Created": (_, { data }) => ({ name: data.name, createdAt: data.at }),
  },
});
`;
}

function indexText(domain: Name, one: Name, view: Name): string {
  return `import { defineModule } from "../../kernel/index.ts";
import { ${one.camel} } from "./${one.kebab}.ts";
import { ${view.camel} } from "./views/${view.kebab}.ts";

export { type ${one.pascal}, ${one.camel}, ${one.camel}Events } from "./${one.kebab}.ts";
export { ${view.camel} } from "./views/${view.kebab}.ts";

/** The domain \`${domain.kebab}\`. */
export const ${domain.camel} = defineModule({ name: "${domain.kebab}", deciders: [${one.camel}], projections: [${view.camel}] });
`;
}

function specText(domain: Name, one: Name, view: Name): string {
  const { camel, pascal, snake } = one;
  return `import { describe, expect, test } from "vitest";
import { ${[camel, `${camel}Events`, domain.camel, view.camel].join(", ")} } from "../../../../src/domains/${domain.kebab}/index.ts";
import { given, givenLog, happened } from "../../../../src/testing/index.ts";

const at = "2026-01-01T00:00:00.000Z";
const created = ${camel}Events.${pascal}Created({ name: "first", at });

describe("Create${pascal}", () => {
  test("creates one, once", () => {
    given(${camel}).when("Create${pascal}", { name: "first" }).then(created).thenState({ name: "first", createdAt: at }).thenOnce();
  });

  test("of another name under the same id is refused", () => {
    given(${camel}, created).when("Create${pascal}", { name: "second" }).thenRejected("already_created");
  });
});

test("the view ${view.snake} has a row for each", () => {
  givenLog(${view.camel}, happened("${snake}-1", created)).thenRows({ ${one.camel}Id: "1", name: "first", createdAt: at });
});

test("the module has them under the names that clients use", () => {
  expect(${domain.camel}.deciders.map(({ category }) => category)).toContain("${snake}");
  expect(${domain.camel}.projections.map(({ name }) => name)).toContain("${view.snake}");
});
`;
}
