/** A JSON answer. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", ...headers } });
}

/** A JSON answer that is text already. */
export function jsonBytes(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(body as string, { headers: { "content-type": "application/json", ...headers } });
}
