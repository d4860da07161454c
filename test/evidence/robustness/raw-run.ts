import type { Answer } from "./client.ts";
import type { Operation } from "./description.ts";
import { problemFaults } from "./judge.ts";
import { atOnce } from "./pool.ts";
import { firstAnswer, type RawRequest, rawRequests, sendRaw } from "./raw.ts";
import type { Sent } from "./request.ts";
import { AT_ONCE, type Run } from "./run.ts";

/** An operation, and how it is asked properly. */
export type Asked = Sent & { readonly operation: Operation; readonly key: string };

/** What the HTTP parser answers before any code of the platform runs; at the edge that is Cloudflare's. 501 is for methods that HTTP does not have. */
const OF_THE_PARSER = new Set([400, 408, 413, 414, 417, 431, 501, 505]);

/** Sends what no proper client sends to one operation of each method: the parser is the same for all. */
export async function sendAllRaw(run: Run, url: string, asked: readonly Asked[]): Promise<void> {
  const one = [...new Map(asked.map((each) => [each.method, each])).values()];
  const all = one.flatMap((each) => rawRequests(each).map((raw) => ({ ...each, raw })));
  await atOnce(all, AT_ONCE, async ({ raw, ...each }) => {
    run.byKind.set("raw", (run.byKind.get("raw") ?? 0) + 1);
    const answer = firstAnswer(await sendRaw(url, raw));
    if (answer === undefined) return;
    const faults = raw.why === "CONNECT" && isOfTheRuntime(answer) ? [] : rawFaults(answer);
    const request = { ...each, headers: {} };
    for (const fault of faults) run.fault({ operation: each.operation, request, why: shown(raw) }, fault);
    run.note({ operation: each.operation, request, why: raw.why, expect: "either" }, answer);
  });
  const health = await run.client.send({ method: "GET", target: "/health", headers: {} });
  if (health.status !== 200) throw new Error(`expected the server to be well after raw requests, got ${health.status}`);
}

/** A tunnel is asked of the runtime's handler for sockets, which the platform has not got: the runtime says 500, and no code has run. */
function isOfTheRuntime({ status, headers }: Answer): boolean {
  return status === 500 && headers["traceresponse"] === undefined;
}

function rawFaults(answer: Answer): readonly string[] {
  const { status, headers } = answer;
  if (headers["traceresponse"] === undefined)
    return OF_THE_PARSER.has(status) ? [] : [`answered ${status} without a traceresponse: ${answer.text.slice(0, 200)}`];
  if (status >= 500) return [`answered ${status}: ${answer.text.slice(0, 200)}`];
  return status >= 400 && answer.text !== "" ? problemFaults(answer) : [];
}

function shown({ why, bytes }: RawRequest): string {
  return `${why}, sent raw: ${JSON.stringify(bytes.subarray(0, 300).toString("latin1"))}`;
}
