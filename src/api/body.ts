import { DeadlineError, within } from "../deadline.ts";
import { problem } from "./problem.ts";

/** How long (milliseconds) a body may say nothing, and how long all of it may take: who sends a byte a minute holds no request open. */
const LONGEST_PAUSE = 10_000;
const LONGEST_BODY = 60_000;
/** A body that says it is no longer (bytes) is read in one go: chunk by chunk costs as much as all else that is done with it. */
const SMALL = 64 * 1024;

/** Reads a body, and stops as soon as it is over the limit (413, whatever `Content-Length` said), too slow (408) or broken off (400). One that is packed is 415. */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | Response> {
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  if (length > maxBytes) return tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array();
  if (isCoded(request.headers)) return coded();
  if (length <= SMALL) return readSmall(request, maxBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  for (const end = Date.now() + LONGEST_BODY; ;) {
    const read = await readingWithin(Math.min(LONGEST_PAUSE, end - Date.now()), reader.read());
    if (read === "late") return tooSlow();
    if (read === "broken") return brokenOff();
    if (read.done) break;
    size += read.value.byteLength;
    if (size > maxBytes) return tooLarge(maxBytes);
    chunks.push(read.value);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/** Whether a body came in a content coding (RFC 9110, section 8.4): nothing unpacks it, so it would be kept as what it is not. */
function isCoded(headers: Headers): boolean {
  return (headers.get("content-encoding") ?? "").split(",").some((coding) => !["", "identity"].includes(coding.trim().toLowerCase()));
}

function coded(): Response {
  const detail = "Expected a body without Content-Encoding: send it as it is, not packed.";
  return problem({ status: 415, code: "unsupported_content_encoding", detail, headers: { "accept-encoding": "identity" } });
}

async function readSmall(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | Response> {
  const read = await readingWithin(LONGEST_PAUSE, request.arrayBuffer());
  if (read === "late") return tooSlow();
  if (read === "broken") return brokenOff();
  return read.byteLength > maxBytes ? tooLarge(maxBytes) : new Uint8Array(read);
}

async function readingWithin<Read>(milliseconds: number, reading: Promise<Read>): Promise<Read | "late" | "broken"> {
  try {
    return await within(milliseconds, "the body", reading);
  } catch (fault) {
    // Nothing but the client's connection is read here, so it is the client's doing, whatever the runtime calls it ("Network connection lost").
    return fault instanceof DeadlineError ? "late" : "broken";
  }
}

function brokenOff(): Response {
  const detail = "The body broke off before its end, or its chunks are none.";
  return problem({ status: 400, code: "invalid_body", detail, headers: { connection: "close" } });
}

function tooSlow(): Response {
  const detail = `The body did not come: expected something of it every ${LONGEST_PAUSE / 1000} s, and all of it within ${LONGEST_BODY / 1000} s.`;
  // What is still to come of the body cannot be told from a next request.
  return problem({ status: 408, code: "body_too_slow", detail, headers: { connection: "close" } });
}

function tooLarge(maxBytes: number): Response {
  return problem({ status: 413, code: "body_too_large", detail: `The body is over ${maxBytes} bytes.` });
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A body as text; 400 where it is not UTF-8. */
export function bodyText(bytes: Uint8Array): string | Response {
  try {
    return decoder.decode(bytes);
  } catch {
    return problem({ status: 400, code: "invalid_encoding", detail: "The body is not UTF-8." });
  }
}

/** The media type of a body, in lower case and without its parameters; undefined where none is said. */
export function mediaTypeOf(headers: Headers): string | undefined {
  return headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
}
