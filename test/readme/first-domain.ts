import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path/posix";

/** The page "Write your first domain". */
export const PAGE = "src/domains/README.md";
/** The page "Handlers", which it leads to. */
export const HANDLERS_PAGE = "src/domains/handlers.md";

/** Where the page's files are compiled and tested, by the path that the page gives them. */
const COMPILED: readonly (readonly [onPage: string, compiled: string])[] = [
  ["src/domains/library/", "test/readme/library/"],
  ["test/unit/domains/library/library.test.ts", "test/unit/readme-library.test.ts"],
  ["test/unit/domains/library/handlers.test.ts", "test/unit/readme-handlers.test.ts"],
];

/** A file as the page shows it. */
export interface Snippet {
  readonly path: string;
  readonly code: string;
}

/** The files of a page, in its order. */
export function snippets(page = PAGE): readonly Snippet[] {
  const text = readFileSync(page, "utf8");
  return [...text.matchAll(/<!-- file: (\S+) -->\n+```ts\n([\s\S]*?)```/g)].map(([, path = "", code = ""]) => ({ path, code }));
}

/** The shell lines of the page that ask the server. */
export function curlLines(): readonly string[] {
  const page = readFileSync(PAGE, "utf8");
  return [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = ""]) => block.split("\n")).filter((line) => line.startsWith("curl "));
}

/** The two lines that the page adds to the list of domains: the import, and the name. */
export function listLines(): { readonly statement: string; readonly name: string } {
  const page = readFileSync(PAGE, "utf8");
  const [, statement = ""] = /^(import \{ library \} from .*;)$/m.exec(page) ?? [];
  return { statement, name: /\{ (\w+) \}/.exec(statement)?.[1] ?? "" };
}

/** What is compiled for a path of the page, with its imports as they are from there. */
export function compiledFor(path: string): string {
  const [onPage, compiled] = COMPILED.find(([onPage]) => path.startsWith(onPage)) ?? [path, path];
  const file = path.replace(onPage, compiled);
  return readFileSync(file, "utf8").replace(/(?<= from ")\.{1,2}\/[^"]+/g, (specifier) => {
    const imported = join(dirname(file), specifier);
    const [there, here] = COMPILED.find(([, here]) => imported.startsWith(here)) ?? ["", ""];
    const seen = relative(dirname(path), imported.replace(here, there));
    return seen.startsWith(".") ? seen : `./${seen}`;
  });
}
