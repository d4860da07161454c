import { exports } from "cloudflare:workers";
import { Contract } from "../support/contract.ts";
import { adminKey, get, type HeaderFields } from "../support/http.ts";

const worker = (exports as unknown as { default: Fetcher }).default;

let contract: Promise<Contract> | undefined;
const theContract = async (): Promise<Contract> => new Contract((await get("/openapi.json")).json());

/** Asks with the admin key and leaves the body unread; throws where the status or the media type is none that /openapi.json declares. */
export async function open(path: string, headers: HeaderFields = {}): Promise<Response> {
  const all = { authorization: `Bearer ${adminKey}`, ...headers };
  const sent = new Headers(Object.entries(all).filter((field): field is [string, string] => field[1] !== undefined));
  const response = await worker.fetch(`http://rivulet.test${path}`, { headers: sent });
  const type = response.headers.get("content-type")?.split(";")[0];
  const pathname = new URL(`http://rivulet.test${path}`).pathname;
  // An answer that goes on has no text to hold against a schema; `assertEvent` looks at its events one by one.
  const text = /[/+]json$/.test(type ?? "") ? await response.clone().text() : "";
  const breach = (await (contract ??= theContract())).breach({ method: "GET", pathname, status: response.status, type, text, headers: response.headers });
  if (breach !== undefined) throw new Error(breach);
  for (const name of ["traceresponse", "x-correlation-id"]) {
    if (!response.headers.has(name)) throw new Error(`expected GET ${path} to answer ${name}, got none`);
  }
  return response;
}

/** Throws where a text is no event as /openapi.json describes one. */
export async function assertEvent(text: string): Promise<void> {
  const one = { method: "GET", pathname: "/v1/events/any", status: 200, type: "application/json", text };
  const breach = (await (contract ??= theContract())).breach(one);
  if (breach !== undefined) throw new Error(`expected an event, got ${text.slice(0, 300)}: ${breach}`);
}
