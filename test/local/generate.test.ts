import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, glob, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { newFolder, ROOT } from "./server.ts";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const PROJECT = ["package.json", "tsconfig.json", "wrangler.toml", ".oxlintrc.json", ".oxfmtrc.json", "src", "durable-objects", "migrations"];
/** The specs of the domains stand in `test`, and run under its configuration; the rest of the tests is nothing to the generators. */
const TESTS = ["test/vitest.config.mts", "test/support", "test/unit/domains"];

async function scratch(): Promise<string> {
  const root = await newFolder("rivulet-generate-");
  await mkdir(join(root, "test/unit"), { recursive: true });
  for (const path of [...PROJECT, ...TESTS]) await cp(join(ROOT, path), join(root, path), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(root, "node_modules"));
  return root;
}

function run(root: string, file: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd: root, env: { ...process.env, NO_COLOR: "1", ...environment }, maxBuffer: 64 * 1024 * 1024 };
    execFile(file, args, options, (fault, stdout, stderr) => resolve({ code: fault === null ? 0 : Number(fault.code), stdout, stderr }));
  });
}

const generate = (root: string, line: string): Promise<Outcome> => run(root, process.execPath, ["src/cli/rivulet.mjs", "generate", ...line.split(" ")]);
const tool = (root: string, name: string, ...args: readonly string[]): Promise<Outcome> => run(root, join(ROOT, "node_modules/.bin", name), args);

/** The content of every file that a generator could change. */
async function contents(root: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for await (const path of glob(["src/domains/**/*.ts", "test/**/*.ts"], { cwd: root }))
    found[path] = createHash("sha256")
      .update(await readFile(join(root, path)))
      .digest("hex");
  return found;
}

const LINES = [
  "domain tickets",
  "event tickets ticket TicketReopened",
  "command tickets ticket CloseTicket",
  "command tickets ticket ReopenTicket --event TicketReopened",
  "projection tickets ticket-counts",
  // Names of several words, and domains that were written by hand.
  "domain support-cases --aggregate open-case",
  "command support-cases open-case EscalateOpenCase",
  "command auth account SuspendAccount",
  "event video batch BatchPaused",
  "command subtitles subtitle-title DropTitle",
  "projection commerce order-counts --aggregate order",
] as const;

/** Files that a generator says it wrote or changed. */
const named = ({ stdout }: Outcome, verb: "wrote" | "changed"): readonly string[] =>
  [...stdout.matchAll(new RegExp(`^${verb} (\\S+)$`, "gm"))].map(([, path]) => path as string);

describe("what is generated", () => {
  let root: string;
  const outcomes: Outcome[] = [];
  beforeAll(async () => {
    root = await scratch();
    for (const line of LINES) outcomes.push(await generate(root, line));
  });

  test("is written, and told with what to do next", () => {
    expect(outcomes.map(({ code, stderr }) => ({ code, stderr }))).toEqual(LINES.map(() => ({ code: 0, stderr: "" })));
    expect(outcomes.map((outcome) => named(outcome, "wrote").length)).toEqual([4, 1, 1, 1, 2, 4, 1, 1, 1, 1, 2]);
    for (const { stdout } of outcomes) expect(stdout).toMatch(/\nNext:\n {2}npx vitest run .* test\/unit\/domains\/\S+\n/);
  });

  test("compiles", async () => {
    expect(await tool(root, "tsc", "-p", ".")).toMatchObject({ code: 0, stdout: "" });
  });

  test("passes lint, and is formatted", async () => {
    const files = outcomes.flatMap((outcome) => [...named(outcome, "wrote"), ...named(outcome, "changed")]);
    expect(await tool(root, "oxlint", "--deny-warnings", ...files)).toMatchObject({ code: 0 });
    expect(await tool(root, "oxfmt", "--check", ...files)).toMatchObject({ code: 0 });
  });

  test("has specs that pass, all of them", async () => {
    const specs = outcomes.flatMap((outcome) => named(outcome, "wrote")).filter((path) => path.endsWith(".test.ts"));
    const report = join(root, "report.json");
    const args = ["run", "--config", "test/vitest.config.mts", "--project", "unit", "--reporter=json", `--outputFile=${report}`];
    const { code } = await tool(root, "vitest", ...args, ...specs);
    const { numPassedTests, testResults } = JSON.parse(await readFile(report, "utf8")) as { numPassedTests: number; testResults: readonly unknown[] };
    expect({ code, files: testResults.length }).toEqual({ code: 0, files: specs.length });
    expect(numPassedTests).toBeGreaterThan(specs.length);
  });

  test("stands in the list of domains in the order of names", async () => {
    const list = await readFile(join(root, "src/domains/index.ts"), "utf8");
    const [, names = ""] = /modules: readonly Module\[\] = \[(.*)\]/.exec(list) ?? [];
    const all = names.split(", ");
    expect(all).toEqual(all.toSorted());
    expect(all).toEqual(expect.arrayContaining(["supportCases", "tickets"]));
  });

  test.each(LINES)("a second time (%s) is refused, said so, and changes nothing", async (line) => {
    const before = await contents(root);
    const { code, stdout, stderr } = await generate(root, line);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^rivulet generate: expected no (domain|event|command|view) \S+ .*yet, but /);
    expect(await contents(root)).toEqual(before);
  });
});

describe("a generator", () => {
  let root: string;
  beforeAll(async () => void (root = await scratch()));

  /** Runs one that is to change nothing. */
  const unchanged = async (line: string): Promise<Outcome> => {
    const before = await contents(root);
    const outcome = await generate(root, line);
    expect(await contents(root)).toEqual(before);
    return outcome;
  };

  test("writes nothing with --dry-run, and prints it", async () => {
    const { code, stdout } = await unchanged("domain tickets --dry-run");
    expect(code).toBe(0);
    expect(stdout).toContain("would write src/domains/tickets/ticket.ts:\n\nimport { z }");
    expect(stdout).toContain('+ import { tickets } from "./tickets/index.ts";');
    expect(stdout).toMatch(/Nothing was written\.\n$/);
  });

  test.each(["--help", "domain --help", "event --help", "command --help", "projection -h"])("helps: %s", async (line) => {
    const { code, stdout } = await unchanged(line);
    expect(code).toBe(0);
    expect(stdout).toContain("npx rivulet generate");
    expect(stdout).toContain("--dry-run");
  });

  test.each([
    ["nothing", "expected one of domain, event, command, projection, got nothing"],
    ["domain", "expected 1 name, got 0"],
    ["domain Tickets", 'expected the domain\'s name in kebab-case, such as support-tickets, at most 60 characters, got "Tickets"'],
    ["domain ../evil", "expected the domain's name in kebab-case"],
    ["domain billing", "expected --aggregate, a name for one of billing"],
    ["domain tickets --event A", "expected no --event for domain"],
    ["domain tickets --no", "Unknown option '--no'. See npx rivulet generate --help."],
    ["event users user userBanned", "expected the event's name in PascalCase"],
    ["event users user UserBanned --field a-b", "expected a field's name, such as closedAt"],
    ["projection commerce counts", "expected --aggregate, one of product, inventory, order, payment"],
  ])("does not understand: %s", async (line, reason) => {
    const { code, stdout, stderr } = await unchanged(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
  });

  test.each([
    ["domain orders", "expected a category of its own, got order, which the domain commerce has"],
    ["domain videos --aggregate clip", "expected no videos in src/domains/index.ts yet"],
    ["domain logs --aggregate audit", "expected a category that is not the platform's, got audit"],
    ["projection users stock", "expected a view's name of its own, got stock, which the domain commerce has"],
    ["projection users event-types", "expected a view's name of its own, got event_types, which is the platform's"],
    ["event nowhere one OneHappened", "expected the domain nowhere at src/domains/nowhere/index.ts, got none"],
    ["event users nobody NobodyCame", "expected an aggregate of users (user, profile) in a file of its name, got nobody"],
    ["command users user ForgetProfile --event ProfileUpdated", "expected the event ProfileUpdated to be z.object({ at })"],
    ["event users user NameChanged --field name", "expected no name in User yet"],
  ])("refuses: %s", async (line, reason) => {
    const { code, stdout, stderr } = await unchanged(line);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(reason);
  });

  test("warns of an event that is not in the past tense, and makes it", async () => {
    const { code, stderr } = await unchanged("event users user UserBanning --dry-run");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "warning: UserBanning does not look like the past tense; an event is a fact, such as TicketClosed\n" });
  });

  test("overwrites no file, and then writes none of the others", async () => {
    const spec = join(root, "test/unit/domains/users/ban-user.test.ts");
    await writeFile(spec, "// mine\n");
    const { code, stderr } = await unchanged("command users user BanUser");
    expect(code).toBe(1);
    expect(stderr).toContain("expected no file of that name yet, but there is test/unit/domains/users/ban-user.test.ts");
    expect(await readFile(spec, "utf8")).toBe("// mine\n");
  });

  test("changes nothing in a list that it does not understand, and says what to add", async () => {
    const list = join(root, "src/domains/index.ts");
    const before = await readFile(list, "utf8");
    await writeFile(list, before.replace("Module[] = [", "Module[] = [...[], "));
    const { code, stderr } = await unchanged("domain tickets");
    await writeFile(list, before);
    expect(code).toBe(1);
    expect(stderr).toContain('Nothing was changed; add by hand\n  import { tickets } from "./tickets/index.ts";\n  and tickets to the list');
  });

  test("changes nothing in an aggregate that it does not understand, and says what to add", async () => {
    const file = join(root, "src/domains/users/user.ts");
    const before = await readFile(file, "utf8");
    await writeFile(file, before.replace("  evolve: {\n", "  evolve: {\n    ...{},\n").replace("  decide: {\n", "  ...{},\n  decide:\n  {\n"));
    const { code, stderr } = await unchanged("command users user SuspendUser");
    await writeFile(file, before);
    expect(code).toBe(1);
    expect(stderr).toContain("expected src/domains/users/user.ts to have decide once");
    expect(stderr).toContain("  to decide:\n        SuspendUser: (_, { suspendedAt }, { now }) =>");
  });
});

describe("npx rivulet", () => {
  const rivulet = (root: string, ...args: readonly string[]): Promise<Outcome> => run(root, process.execPath, ["src/cli/rivulet.mjs", ...args]);

  test("names its commands, and knows no others", async () => {
    const root = await scratch();
    expect(await rivulet(root, "--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("generate") as unknown });
    expect(await rivulet(root)).toMatchObject({ code: 2 });
    expect(await rivulet(root, "toString")).toMatchObject({
      code: 2,
      stderr: "rivulet: expected one of generate, reseal, got toString. See npx rivulet --help.\n",
    });
  });

  test("runs the project's own command line, from any folder of it, without the network", async () => {
    const root = await scratch();
    const quiet = { npm_config_cache: await newFolder("rivulet-npx-"), npm_config_offline: "true", npm_config_update_notifier: "false" };
    const { code, stdout } = await run(join(root, "src/domains"), "npx", ["rivulet", "generate", "domain", "tickets"], quiet);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^wrote src\/domains\/tickets\/ticket\.ts$/m) as unknown });
    expect(await readFile(join(root, "src/domains/tickets/ticket.ts"), "utf8")).toContain("defineDecider");
  });

  test("on a Node that is too old says so where the project has none of its own", async () => {
    const root = await newFolder("rivulet-old-");
    await cp(join(ROOT, "src/cli/rivulet.mjs"), join(root, "src/cli/rivulet.mjs"));
    const old = 'data:text/javascript,Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } });';
    const { code, stderr } = await run(root, process.execPath, ["--import", old, "src/cli/rivulet.mjs", "--help"]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "rivulet: expected Node 22.18 or newer, got 20.1.0. Run npm ci in the project, which brings one, or install it.\n",
    });
  });
});
