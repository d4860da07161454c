import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { newFolder, ROOT } from "./server.ts";

/** Source files by their path. */
type Tree = Readonly<Record<string, string>>;

interface Report {
  readonly number_of_files: number;
  readonly diagnostics: readonly { readonly message: string; readonly code: string; readonly severity: string; readonly filename: string }[];
}

/** A small tree that keeps to every rule: each layer imports what it may. */
const KEPT: Tree = {
  "src/kernel/hash.ts": 'export const hash = "hash";\n',
  "src/kernel/index.ts": 'export * from "./hash.ts";\n',
  "src/tracing/trace.ts": 'import { hash } from "../kernel/index.ts";\n\nexport const trace = hash;\n',
  "src/metrics/metric.ts": 'import { hash } from "../kernel/index.ts";\n\nexport const metric = hash;\n',
  "src/log/log.ts":
    'import { hash } from "../kernel/index.ts";\nimport { metric } from "../metrics/metric.ts";\nimport { trace } from "../tracing/trace.ts";\n\nexport const log = hash + trace + metric;\n',
  "src/views/view.ts": 'import { hash } from "../kernel/index.ts";\n\nexport const view = hash;\n',
  "src/domains/cart/cart.ts": 'import { hash } from "../../kernel/index.ts";\n\nexport const cart = hash;\n',
  "src/domains/video/video.ts": 'import { hash } from "../../kernel/index.ts";\n\nexport const video = hash;\n',
  "src/flows/flow.ts":
    'import { cart } from "../domains/cart/cart.ts";\nimport { video } from "../domains/video/video.ts";\nimport { hash } from "../kernel/index.ts";\n\nexport const flow = cart + video + hash;\n',
  "durable-objects/aggregate.ts": 'import { hash } from "../src/kernel/index.ts";\n\nexport const aggregate = hash;\n',
  "src/api/app.ts": 'import { log } from "../log/log.ts";\nimport { view } from "../views/view.ts";\n\nexport const app = log + view;\n',
  "src/worker.ts":
    'import { aggregate } from "../durable-objects/aggregate.ts";\nimport { app } from "./api/app.ts";\n\nexport const worker = app + aggregate;\n',
};

/** What oxlint, with this project's rules, says of a tree. */
async function lint(tree: Tree): Promise<Report & { readonly code: number }> {
  const folder = await newFolder();
  await cp(join(ROOT, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  for (const [path, text] of Object.entries(tree)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return new Promise((resolve) => {
    execFile(join(ROOT, "node_modules/.bin/oxlint"), ["--deny-warnings", "--format", "json"], { cwd: folder }, (fault, stdout) => {
      resolve({ ...(JSON.parse(stdout) as Report), code: fault === null ? 0 : Number(fault.code) });
    });
  });
}

test("a tree that keeps to the layers passes, and every file of it was seen", async () => {
  const report = await lint(KEPT);
  expect(report.diagnostics).toEqual([]);
  expect(report.number_of_files).toBe(Object.keys(KEPT).length);
  expect(report.code).toBe(0);
});

test.each([
  ["a part of the engine imports another", "src/log/log.ts", "../views/view.ts", "Layers: a part of the engine imports"],
  ["the kernel imports the log", "src/kernel/hash.ts", "../log/log.ts", "Layers: the kernel is pure"],
  ["the kernel imports the platform's runtime", "src/kernel/hash.ts", "cloudflare:workers", "Layers: the kernel is pure"],
  ["a Durable Object imports the log", "durable-objects/aggregate.ts", "../src/log/log.ts", "Layers: a part of the engine imports"],
  ["a domain imports another", "src/domains/cart/cart.ts", "../video/video.ts", "Layers: a domain imports the kernel and itself"],
  ["a domain imports a flow", "src/domains/cart/cart.ts", "../../flows/flow.ts", "Layers: a domain imports the kernel and itself"],
  ["a flow imports the log", "src/flows/flow.ts", "../log/log.ts", "Layers: a flow imports the kernel, domains and itself"],
  ["a flow imports the platform's runtime", "src/flows/flow.ts", "cloudflare:workers", "Layers: a flow is pure"],
  ["tracing imports the log", "src/tracing/trace.ts", "../log/log.ts", "Layers: tracing imports the kernel"],
  ["metrics imports the log", "src/metrics/metric.ts", "../log/log.ts", "Layers: metrics imports the kernel"],
  ["the API imports the composition root", "src/api/app.ts", "../worker.ts", "Layers: the API stands on the engine"],
])("a breach is named: %s", async (_, path, imported, message) => {
  const name = imported.includes(":") ? "env" : (/([a-z]+)\.ts$/.exec(imported)?.[1] ?? "");
  const planted = `import { ${name} as planted } from "${imported}";\n\nexport const breach = planted;\n`;
  const report = await lint({ ...KEPT, [path]: `${planted}${(KEPT[path] as string).replace(/^import .*\n+/gm, "").replace(/= .*;/, '= "";')}` });
  const found = report.diagnostics.filter(({ code }) => code.includes("no-restricted-imports"));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ filename: path, severity: "error" });
  expect(JSON.stringify(found[0])).toContain(message);
  expect(report.code).toBe(1);
});

test("a cycle is named", async () => {
  const report = await lint({
    ...KEPT,
    "src/log/one.ts": 'import { other } from "./other.ts";\n\nexport const one = (): string => other();\n',
    "src/log/other.ts": 'import { one } from "./one.ts";\n\nexport const other = (): string => one();\n',
  });
  expect(report.diagnostics.map(({ code, filename }) => `${code} ${filename}`).toSorted()).toEqual([
    "import(no-cycle) src/log/one.ts",
    "import(no-cycle) src/log/other.ts",
  ]);
  expect(report.code).toBe(1);
});
