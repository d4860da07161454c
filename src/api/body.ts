import { problem } from "./problem.ts";

/** Reads a body, and stops as soon as it is over the limit: 413, whatever `Content-Length` said. */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | Response> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) return tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function tooLarge(maxBytes: number): Response {
  return problem({ status: 413, code: "body_too_large", detail: `The body is over ${maxBytes} bytes.` });
}

/** A body as text; 400 where it is not UTF-8. */
export function bodyText(bytes: Uint8Array): string | Response {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return problem({ status: 400, code: "invalid_encoding", detail: "The body is not UTF-8." });
  }
}

/** The media type of a body, in lower case and without its parameters; undefined where none is said. */
export function mediaTypeOf(headers: Headers): string | undefined {
  return headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
}
