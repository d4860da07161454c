import type { Operation } from "./description.ts";

/** A request as it goes over the wire. */
export interface Sent {
  readonly method: string;
  /** The request target, to the character. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** What an operation is asked with, before it is written as a request. */
export interface Draft {
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: { readonly type: string; readonly bytes: Buffer };
}

/** Writes a draft as a request; values are percent-encoded, header values go as UTF-8. */
export function written(operation: Operation, { path, query, headers, body }: Draft): Sent {
  const pathname = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encoded(path[name] ?? ""));
  const search = query.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join("&");
  return {
    method: operation.method,
    target: search === "" ? pathname : `${pathname}?${search}`,
    headers: { ...(body && { "content-type": body.type }), ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, headerText(value)])) },
    ...(body && { body: body.bytes }),
  };
}

export function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

export function jsonBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value) ?? "");
}

/** A text as a header carries it: its UTF-8 bytes. */
function headerText(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** Whether HTTP can carry a text in a header. */
export function fitsHeader(text: string): boolean {
  return !/\p{Cc}/u.test(text.replaceAll(/[\t\u0080-\u009f]/g, ""));
}

/** Bodies over this many bytes are told by their size. */
const MOST_SHOWN = 2000;

/** The command that sends the same, for people. */
export function curlOf(url: string, { method, target, headers, body }: Sent): string {
  const fields = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${Buffer.from(value, "latin1").toString()}`)}`);
  const shown = target.length > MOST_SHOWN ? `${target.slice(0, MOST_SHOWN)}…(${target.length} characters)` : target;
  const parts = ["curl -i --path-as-is", method === "HEAD" ? "-I" : `-X ${method}`, quoted(url + shown), ...fields, body === undefined ? "" : bodyOption(body)];
  return parts.filter((part) => part !== "").join(" ");
}

function bodyOption(body: Buffer): string {
  if (body.length > MOST_SHOWN) return `--data-binary <${body.length} bytes: ${quoted(body.subarray(0, 200).toString())}…>`;
  const text = body.toString();
  const isText = Buffer.from(text).equals(body) && !text.includes("\u0000");
  return isText ? `--data-binary ${quoted(text)}` : `--data-binary @<(echo ${body.toString("base64")} | base64 -d)`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
