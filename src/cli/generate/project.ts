import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Decider, Module } from "../../kernel/index.ts";
import type { Name } from "./names.ts";
import { stopped } from "./refusal.ts";

/** The file that lists the domains. */
export const LIST = "src/domains/index.ts";

/** The platform's own views. */
const OWN_VIEWS = new Set(["correlations", "event_types", "sources"]);

/** An aggregate of the project, and where it is written. */
export interface Aggregate {
  readonly domain: string;
  readonly name: Name;
  readonly decider: Decider;
  readonly path: string;
  readonly text: string;
  /** How the file calls its events, its decider and its state. */
  readonly events: string;
  readonly constant: string;
  readonly state: string;
}

/** All domains of the project, from its code as it runs. A generator reads it at run time: it works on whatever project it stands in. */
export async function modulesOf(root: string): Promise<readonly Module[]> {
  return (await imported<{ readonly modules: readonly Module[] }>(root, LIST)).modules;
}

/** The file of a domain's module, with the module in it. */
export async function moduleOf(root: string, domain: Name): Promise<{ readonly path: string; readonly text: string; readonly module: Module }> {
  const path = `src/domains/${domain.kebab}/index.ts`;
  if (!existsSync(join(root, path)))
    throw stopped("refused", `expected the domain ${domain.kebab} at ${path}, got none. Run npx rivulet generate domain ${domain.kebab} first.`);
  const module = Object.values(await imported<Readonly<Record<string, unknown>>>(root, path)).find(isModule);
  if (module === undefined) throw stopped("refused", `expected ${path} to export what defineModule gives, got no such thing`);
  return { path, text: await readFile(join(root, path), "utf8"), module };
}

/** An aggregate of a domain, by its file's name. */
export async function aggregateOf(root: string, domain: Name, name: Name): Promise<Aggregate> {
  const { module } = await moduleOf(root, domain);
  const path = `src/domains/${domain.kebab}/${name.kebab}.ts`;
  const decider = module.deciders.find(({ category }) => category === name.snake);
  if (decider === undefined || !existsSync(join(root, path))) {
    const known = module.deciders.map(({ category }) => category.replaceAll("_", "-")).join(", ");
    throw stopped("refused", `expected an aggregate of ${domain.kebab} (${known}) in a file of its name, got ${name.kebab}`);
  }
  const text = await readFile(join(root, path), "utf8");
  const [constant, events, state] = [/^export const (\w+) = defineDecider\(\{$/gm, /^ {2}events: (\w+),$/gm, /^ {2}initialState: \(\): (\w+) =>/gm].map(
    (pattern) => onlyOne(text, pattern),
  );
  if (constant === undefined || events === undefined || state === undefined) {
    throw stopped(
      "refused",
      `expected ${path} to have one decider, written as a generated one is, got none or several. Nothing was changed; src/domains/README.md shows what to add by hand.`,
    );
  }
  return { domain: domain.kebab, name, decider, path, text, constant, events, state };
}

/** Stops where the category of a new aggregate is taken. */
export function expectFreeCategory(modules: readonly Module[], category: string): void {
  const owner = modules.find(({ deciders }) => deciders.some((decider) => decider.category === category));
  if (owner !== undefined)
    throw stopped("refused", `expected a category of its own, got ${category}, which the domain ${owner.name} has: say another with --aggregate`);
  if (category === "audit" || category.startsWith("rivulet_")) throw stopped("refused", `expected a category that is not the platform's, got ${category}`);
}

/** Stops where the name of a new view is taken. */
export function expectFreeView(modules: readonly Module[], view: string): void {
  const owner = modules.find(({ projections }) => projections.some((projection) => projection.name === view));
  if (owner !== undefined) throw stopped("refused", `expected a view's name of its own, got ${view}, which the domain ${owner.name} has`);
  if (OWN_VIEWS.has(view)) throw stopped("refused", `expected a view's name of its own, got ${view}, which is the platform's`);
}

function onlyOne(text: string, pattern: RegExp): string | undefined {
  const found = [...text.matchAll(pattern)].map(([, name]) => name);
  return found.length === 1 ? found[0] : undefined;
}

function isModule(value: unknown): value is Module {
  return typeof value === "object" && value !== null && "deciders" in value && "projections" in value && "name" in value;
}

async function imported<Exports>(root: string, path: string): Promise<Exports> {
  try {
    return (await import(pathToFileURL(join(root, path)).href)) as Exports;
  } catch (fault) {
    throw stopped("refused", `expected ${path} to run, got ${(fault as Error).message}`);
  }
}
