import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { all, ask, type EventTypeRow } from "./api.ts";
import { recorder } from "./recorder.ts";
import { ADMIN_KEY, command, type Command, freePort, type Server, startServer, stop } from "./server.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer();
  return () => stop(server);
});

const demo = async (
  args: readonly string[] = [],
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<Command & { code: number | null }> => {
  const run = command("demo", { args, environment: { PORT: String(server.port), ...environment } });
  return { ...run, code: (await run.ended).code };
};

/** The lines of the table that the demo prints. */
function printedView(output: string): readonly EventTypeRow[] {
  const lines = [...output.matchAll(/^(github\.\S+) +(\d+) +(\d+) +\d{4}-\S+Z$/gm)];
  return lines.map(([, type = "", count, streams]) => ({ type, count: Number(count), streams: Number(streams) }));
}

const sum = (rows: readonly EventTypeRow[]): number => rows.reduce((total, { count }) => total + count, 0);
const seen = async (): Promise<readonly EventTypeRow[]> =>
  (await all<EventTypeRow>(server.url, "/v1/event-types")).map(({ type, count, streams }) => ({ type, count, streams }));

describe("the demo", () => {
  test("sends at least 50 signed deliveries and prints the view, which is then as new as all of them", async () => {
    const { code, output } = await demo();
    expect(code).toBe(0);
    expect(output()).toContain("60/60 sent");
    expect(output()).toContain("60 deliveries: 60 new (202), 0 known already (200)");
    const view = printedView(output());
    expect(sum(view)).toBe(60);
    expect(view).toEqual(await seen());
    expect(output()).toMatch(/^the first one again: 200/m);
    expect(output()).toMatch(/signed by somebody else: 401$/m);
    const streams = await all(server.url, "/v1/streams?category=github");
    expect(output()).toContain(`; ${streams.length} streams of`);
  });

  test("a second time finds everything known, and changes nothing", async () => {
    const before = await seen();
    const { code, output } = await demo();
    expect(code).toBe(0);
    expect(output()).toContain("source github: set up already");
    expect(output()).toContain("60 deliveries: 0 new (202), 60 known already (200)");
    expect(await seen()).toEqual(before);
  });

  test("--all sends every payload of the package", async () => {
    const { code, output } = await demo(["--all"]);
    expect(code).toBe(0);
    expect(output()).toContain("329 deliveries: 269 new (202), 60 known already (200)");
    expect(sum(printedView(output()))).toBe(329);
  });

  test("--fresh sends deliveries with new ids", async () => {
    const { output } = await demo(["--fresh"]);
    expect(output()).toContain("60 deliveries: 60 new (202), 0 known already (200)");
  });

  test("the lines that it says to try next work", async () => {
    const { output } = await demo();
    const lines = output()
      .split("\n")
      .filter((line) => line.startsWith("  curl "));
    expect(lines.length).toBeGreaterThanOrEqual(4);
    for (const line of lines) {
      const { stdout } = await promisify(execFile)("sh", ["-c", line.replace("curl", "curl --fail")], {
        env: { ...process.env, ADMIN_KEY },
        maxBuffer: 2 ** 26,
      });
      expect(JSON.parse(stdout)).not.toEqual({});
    }
  });

  test("asks for the view to be as new as everything that it has sent, stream by stream", async () => {
    const proxy = await recorder(server.url);
    expect((await demo(["--fresh"], { RIVULET_URL: proxy.url })).code).toBe(0);
    const newest = new Map<string, { version: number; token: string | null }>();
    for (const { path, answer } of proxy.seen) {
      if (!path.startsWith("/v1/webhooks/") || answer.status === 401) continue;
      const { stream, event } = JSON.parse(answer.text) as { stream: string; event: { version: number } };
      if (event.version > (newest.get(stream)?.version ?? 0)) newest.set(stream, { version: event.version, token: answer.headers.get("consistency-token") });
    }
    expect(newest.size).toBeGreaterThan(5);
    const asked = proxy.seen.filter(({ path }) => path.startsWith("/v1/event-types")).flatMap(({ headers }) => headers["consistency-token"] ?? []);
    expect(asked.toSorted()).toEqual([...newest.values()].map(({ token }) => token).toSorted());
  });

  test("RIVULET_URL goes before PORT", async () => {
    expect((await demo([], { PORT: String(await freePort()), RIVULET_URL: `${server.url}/` })).code).toBe(0);
  });
});

describe("what goes wrong is said in a sentence, with exit code 1", () => {
  test("no server", async () => {
    const port = await freePort();
    const { code, output } = await demo([], { PORT: String(port) });
    expect(code).toBe(1);
    expect(output()).toMatch(new RegExp(`^expected a server at http://127\\.0\\.0\\.1:${port}, got ECONNREFUSED\\. Start one with npm start`));
    expect(output()).not.toMatch(/^\s+at /m);
  });

  test("another key", async () => {
    const { code, output } = await demo([], { ADMIN_KEY: "another" });
    expect(code).toBe(1);
    expect(output().trim()).toBe(
      `expected ${server.url} to know the key, got 401. ADMIN_KEY of the environment is not the one that the server was started with.`,
    );
  });

  test("an unknown flag", async () => {
    const { code, output } = await demo(["--al"]);
    expect(code).toBe(1);
    expect(output().trim()).toBe("Unknown option '--al'. See npm run demo -- --help.");
  });
});

test("demo --help tells the flags and sends nothing", async () => {
  const before = await seen();
  const { code, output } = await demo(["--help"]);
  expect(code).toBe(0);
  expect(output()).toContain("--all");
  expect(await seen()).toEqual(before);
  expect((await ask(server.url, "/health")).status).toBe(200);
});
