import { connect } from "node:net";
import type { Answer } from "./client.ts";

/** Bytes that are no proper HTTP, and what they are. */
export interface RawRequest {
  readonly why: string;
  readonly bytes: Buffer;
  /** Says nothing more after the bytes, so that the server sees the end. */
  readonly ends: boolean;
}

/** How long a connection is listened to that says nothing (milliseconds). */
const SILENCE = 1_500;

/** Writes bytes to a connection of its own; the answers' text, empty where it was closed without one or stayed silent. */
export function sendRaw(url: string, { bytes, ends }: RawRequest): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname);
    const done = (): void => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString("latin1"));
    };
    socket.setTimeout(SILENCE, done);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", done);
    // A reset is an answer too: the server wants no more of it.
    socket.on("error", done);
    if (ends) socket.end(bytes);
    else socket.write(bytes);
  });
}

/** The first answer in what came; undefined where nothing did. */
export function firstAnswer(text: string): Answer | undefined {
  const [, status, fields = "", rest = ""] = /^HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n(.*?)\r\n\r\n(.*)$/s.exec(text) ?? [];
  if (status === undefined) return undefined;
  const headers = Object.fromEntries(fields.split("\r\n").map((field) => [field.split(":")[0]?.toLowerCase(), field.replace(/^[^:]*:\s*/, "")]));
  const length = Number(headers["content-length"] ?? rest.length);
  return { status: Number(status), headers, text: Buffer.from(rest.slice(0, length), "latin1").toString() };
}

interface Target {
  readonly method: string;
  readonly target: string;
  readonly key: string;
}

/** Requests to one operation that no proper client sends. */
export function rawRequests({ method, target, key }: Target): readonly RawRequest[] {
  const line = `${method} ${target} HTTP/1.1`;
  const usual = ["host: localhost", `authorization: Bearer ${key}`, "connection: close"];
  const json = [...usual, "content-type: application/json"];
  const of = (why: string, lines: readonly string[], body: string | Buffer = "", ends = false): RawRequest => ({
    why,
    bytes: Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), Buffer.from(body)]),
    ends,
  });
  const chunked = [line, ...json, "transfer-encoding: chunked"];
  return [
    of("a control character in a header", [line, ...usual, "x-odd: a\u0001b"]),
    of("a NUL in a header", [line, ...usual, "x-odd: a\u0000b"]),
    of("bytes that are not UTF-8 in a header", [line, ...usual, "x-odd: \u00ff\u00fe"]),
    of("bytes that are not UTF-8 in Tenant-Id", [line, ...usual, "tenant-id: \u00ff\u00fe"]),
    of("a header without a colon", [line, ...usual, "nonsense"]),
    of("a space before the colon", [line, ...usual, "x-odd : 1"]),
    of("a header without a name", [line, ...usual, ": 1"]),
    of("a folded header", [line, ...usual, "x-odd: 1", " 2"]),
    of("a header of 70 KB", [line, ...usual, `x-odd: ${"a".repeat(70_000)}`]),
    of("a header of 1 MB", [line, ...usual, `x-odd: ${"a".repeat(1_000_000)}`]),
    of("a thousand headers", [line, ...usual, ...Array.from({ length: 1000 }, (_, index) => `x-${index}: 1`)]),
    of("the key twice", [line, ...usual, `authorization: Bearer ${key}`]),
    of("two tenants", [line, ...usual, "tenant-id: default", "tenant-id: other"]),
    of("two types", [line, ...json, "content-type: text/plain", "content-length: 2"], "{}"),
    of("no host", [line, `authorization: Bearer ${key}`, "connection: close"]),
    of("two hosts", [line, ...usual, "host: other"]),
    of("another version", [line.replace("1.1", "9.9"), ...usual]),
    of("no version", [line.replace(" HTTP/1.1", ""), ...usual]),
    of("a method in lower case", [line.toLowerCase().replace("http", "HTTP"), ...usual]),
    of("an unknown method", [line.replace(method, "FROB"), ...usual]),
    of("TRACE", [line.replace(method, "TRACE"), ...usual]),
    of("CONNECT", ["CONNECT localhost:80 HTTP/1.1", ...usual]),
    of("an asterisk as target", ["OPTIONS * HTTP/1.1", ...usual]),
    of("a target without a slash", [`${method} v1 HTTP/1.1`, ...usual]),
    of("an absolute target", [`${method} http://other.test${target} HTTP/1.1`, ...usual]),
    of("a space in the target", [`${method} ${target} x HTTP/1.1`, ...usual]),
    of("raw UTF-8 in the target", [`${method} ${target}?a=${Buffer.from("äöü💩").toString("latin1")} HTTP/1.1`, ...usual]),
    of("bytes that are not UTF-8 in the target", [`${method} ${target}?a=\u00ff\u00fe HTTP/1.1`, ...usual]),
    of("a fragment in the target", [`${method} ${target}#x HTTP/1.1`, ...usual]),
    of("a target of 100 KB", [`${method} ${target}?a=${"a".repeat(100_000)} HTTP/1.1`, ...usual]),
    of("less body than its length, then the end", [line, ...json, "content-length: 100"], "{", true),
    of("less body than its length, then silence", [line, ...json, "content-length: 100"], "{"),
    of("more body than its length", [line, ...json, "content-length: 2"], "{}garbage garbage"),
    of("a length below zero", [line, ...json, "content-length: -1"], "{}"),
    of("a length that is no number", [line, ...json, "content-length: abc"], "{}"),
    of("a length beyond numbers", [line, ...json, "content-length: 99999999999999999999999"], "{}"),
    of("two lengths", [line, ...json, "content-length: 2", "content-length: 3"], "{}x"),
    of("a length and chunks", [...chunked, "content-length: 2"], "2\r\n{}\r\n0\r\n\r\n"),
    of("chunks of nonsense", chunked, "zz\r\n{}\r\n"),
    of("a chunk below zero", chunked, "-1\r\n{}\r\n0\r\n\r\n"),
    of("a chunk beyond numbers", chunked, "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
    of("a chunk cut off, then the end", chunked, "ff\r\n{", true),
    of("chunks without an end", chunked, "2\r\n{}\r\n", true),
    of("a chunk longer than said", chunked, "1\r\n{}\r\n0\r\n\r\n"),
    of("chunks and a trailer", chunked, "2\r\n{}\r\n0\r\nx-odd: 1\r\n\r\n"),
    of("an unknown transfer encoding", [line, ...json, "transfer-encoding: frob"], "{}"),
    of("chunks twice", [line, ...json, "transfer-encoding: chunked, chunked"], "2\r\n{}\r\n0\r\n\r\n"),
    of("gzip that is none", [line, ...json, "content-encoding: gzip", "content-length: 2"], "{}"),
    of("an upgrade without a key", [line, ...usual.slice(0, 2), "connection: upgrade", "upgrade: websocket"]),
    of("an upgrade with a bad key", [
      line,
      ...usual.slice(0, 2),
      "connection: upgrade",
      "upgrade: websocket",
      "sec-websocket-version: 99",
      "sec-websocket-key: x",
    ]),
    { why: "the preface of HTTP/2", bytes: Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ends: false },
    { why: "a TLS hello", bytes: Buffer.from("16030100c8010000c40303", "hex"), ends: true },
    { why: "an empty line", bytes: Buffer.from("\r\n\r\n"), ends: true },
    { why: "half a request line", bytes: Buffer.from(line.slice(0, 8)), ends: true },
    { why: "half a header", bytes: Buffer.from(`${line}\r\nhost: loc`), ends: true },
    of("two requests at once", [`${line}\r\n${usual.slice(0, 2).join("\r\n")}\r\n\r\n${line}`, ...usual]),
  ];
}
