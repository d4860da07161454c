/** A JSON answer. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", ...headers } });
}

/** A JSON answer that is text already. */
export function jsonBytes(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(body as string, { headers: { "content-type": "application/json", ...headers } });
}

/** The same request with another cursor, as a `Link` (RFC 8288): a batch has no place for one. */
export function nextLink(request: Request, next: string): string {
  const { pathname, searchParams } = new URL(request.url);
  searchParams.set("cursor", next);
  return `<${pathname}?${searchParams}>; rel="next"`;
}
