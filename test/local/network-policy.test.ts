import { createServer, type Server } from "node:http";
import { type AddressInfo, BlockList, isIPv6 } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { OUTSIDE, outside } from "../../src/local/network-policy.ts";
import { CONFIG_FILE } from "../../src/local/root.ts";
import { runWorker } from "../../src/local/runtime.ts";
import { localSettings } from "../../src/local/settings.ts";
import { claimState } from "../../src/local/state-lock.ts";
import { newFolder } from "./server.ts";

/** Asks for what it is told to (`?url=…`, 5 s at most) and says what came of it. */
const ASKS = `
  async fetch(request) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 5_000);
    try {
      const answer = await fetch(new URL(request.url).searchParams.get("url"), { redirect: "manual", signal: stop.signal });
      return Response.json({ status: answer.status, text: await answer.text() });
    } catch (fault) {
      return Response.json({ fault: fault.name });
    } finally {
      clearTimeout(timer);
    }
  }`;

interface Answer {
  readonly status?: number;
  readonly text?: string;
  readonly fault?: string;
}

async function ask(worker: string | URL, url: string): Promise<Answer> {
  return (await (await fetch(`${new URL("/", worker)}?url=${encodeURIComponent(url)}`)).json()) as Answer;
}

/** Servers on both loopback addresses, at one port, and how often they were connected to. */
const loopback = { servers: [] as Server[], port: 0, connections: 0 };

beforeAll(async () => {
  for (const host of ["127.0.0.1", "::1"]) {
    const server = createServer((_, response) => response.end("private"));
    server.on("connection", () => loopback.connections++);
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(loopback.port, host, resolve));
    loopback.servers.push(server);
    loopback.port = (server.address() as AddressInfo).port;
  }
});
afterAll(() => loopback.servers.forEach((server) => server.close()));

/** The same machine in many spellings, and by a name. */
const SPELLINGS = ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST"];

/** Runs the platform's own way of running a worker, on a worker that asks for what it is told to. */
async function running(environment: Readonly<Record<string, string>>) {
  const folder = await newFolder();
  const classes = Object.values(unstable_getMiniflareWorkerOptions(CONFIG_FILE).workerOptions.durableObjects ?? {}) as readonly { className: string }[];
  const script = join(folder, "worker.js");
  const objects = classes.map(({ className }) => `export class ${className} { constructor() {} }`);
  await writeFile(script, [...objects, `export default { ${ASKS} }`].join("\n"));
  const keys = { ADMIN_KEY: "a", MASTER_KEY: "m", PORT: "0", STATE_DIR: join(folder, "state") };
  const settings = await localSettings({ ...keys, ...environment });
  const claim = await claimState(settings.stateDir);
  const runtime = runWorker(settings, claim, script);
  return {
    settings,
    url: await runtime.ready,
    stop: async () => {
      await runtime.dispose();
      await claim.release();
    },
  };
}

describe("a platform that was started", () => {
  test("reaches nothing on this machine, by whatever name", async () => {
    const { url, stop } = await running({});
    const before = loopback.connections;
    const answers = await Promise.all(SPELLINGS.map((host) => ask(url, `http://${host}:${loopback.port}/`)));
    expect(answers).toEqual(SPELLINGS.map(() => ({ fault: "Error" })));
    expect(loopback.connections).toBe(before);
    await stop();
  });

  test("with ALLOW_LOCAL_TARGETS=1 reaches what is on this machine, and tells the worker", async () => {
    const { url, settings, stop } = await running({ ALLOW_LOCAL_TARGETS: "1" });
    const before = loopback.connections;
    const answers = await Promise.all(SPELLINGS.map((host) => ask(url, `http://${host}:${loopback.port}/`)));
    expect(answers).toEqual(SPELLINGS.map(() => ({ status: 200, text: "private" })));
    expect(loopback.connections).toBeGreaterThan(before);
    expect(settings.variables["ALLOW_LOCAL_TARGETS"]).toBe("1");
    await stop();
  });
});

describe("the network", () => {
  /** What the runtime said of connections that its policy does not allow. */
  const logged: string[] = [];
  let miniflare: Miniflare;
  let url: URL;

  beforeAll(async () => {
    miniflare = new Miniflare(
      convertV4MiniflareOptions({
        host: "127.0.0.1",
        port: 0,
        cf: false,
        log: new Log(LogLevel.NONE),
        handleStructuredLogs: ({ message }) => logged.push(message),
        workers: [
          { name: "asks", modules: true, script: `export default { ${ASKS} }`, compatibilityDate: "2026-10-20", outboundService: OUTSIDE },
          outside({ allowLocal: false }),
        ],
      }),
    );
    url = await miniflare.ready;
  });
  afterAll(() => miniflare.dispose());

  const PRIVATE = [
    "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 169.254.169.254 0.1.2.3 224.0.0.1 240.0.0.1 255.255.255.255",
    "192.0.0.1 192.0.2.2 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.9",
    "[::] [::2] [fd00::2] [fd00:ec2::254] [fe80::1] [ff02::1] [::ffff:10.0.0.1] [::ffff:192.0.2.2] [100::1] [2001::1] [2001:db8::1] [3fff::1] [5f00::1] [9000::1]",
    "[64:ff9b::10.0.0.1] [64:ff9b::127.0.0.1] [64:ff9b::192.0.2.1] [64:ff9b::224.0.0.1] [64:ff9b:1::1]",
    "[2002:a00:1::] [2002:7f00:1::1] [2002:c0a8:101::1] [2002:c000:201::1] [2002:a9fe:a9fe::1]",
  ];

  test.each(PRIVATE.flatMap((line) => line.split(" ")))("does not connect to %s", async (host) => {
    expect(await ask(url, `http://${host}:81/`)).toEqual({ fault: "Error" });
    const { hostname } = new URL(`http://${host}`);
    expect(logged.join("\n")).toContain(`connecting to ${hostname.replaceAll(/[[\]]/g, "")}:81 is not allowed`);
  });

  test("is open to what stands beside all these", () => {
    const denied = new BlockList();
    for (const block of outside({ allowLocal: false }).serviceBindings.NETWORK.network.deny) {
      const [address = "", bits] = block.split("/");
      denied.addSubnet(address, Number(bits), isIPv6(address) ? "ipv6" : "ipv4");
    }
    expect(denied.check("2002:7f00:1::", "ipv6")).toBe(true);
    const open = ["1.1.1.1", "191.255.255.255", "192.0.1.0", "192.0.3.0", "198.17.255.255", "198.20.0.0", "203.0.112.255", "203.0.114.0"];
    expect(open.filter((address) => denied.check(address))).toEqual([]);
    const openIpv6 = ["2606:4700::1", "2001:200::1", "2003::1", "64:ff9b::101:101", "64:ff9b::dfff:ffff", "2002:101:101::1", "2002:c000:100::"];
    expect(openIpv6.filter((address) => denied.check(address, "ipv6"))).toEqual([]);
  });
});

test.each([undefined, "", "0", "false", "true", "yes"])("ALLOW_LOCAL_TARGETS=%s opens nothing", async (value) => {
  const environment = { ADMIN_KEY: "a", MASTER_KEY: "m", ALLOW_LOCAL_TARGETS: value };
  expect((await localSettings(environment)).variables).toEqual({ ADMIN_KEY: "a", MASTER_KEY: "m" });
});
