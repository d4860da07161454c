/** One fault of the input: where, and what was expected. */
export interface InputError {
  readonly path: string;
  readonly message: string;
}

/** A problem as RFC 9457 has it. `code` is stable; `detail` is for people. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly InputError[];
  readonly currentVersion?: number;
  readonly firstVersion?: number;
  readonly missingScope?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** The answer that says so, as `application/problem+json`. */
export function problem({ status, code, detail, errors, currentVersion, firstVersion, missingScope, headers }: Problem): Response {
  const body = {
    type: `urn:rivulet:problem:${code}`,
    title: TITLES[status] ?? "Error",
    status,
    detail,
    code,
    errors,
    currentVersion,
    firstVersion,
    missingScope,
  };
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers } });
}

/** A thing that is not there, or is another tenant's, which is the same. */
export function notFound(detail: string): Response {
  return problem({ status: 404, code: "not_found", detail });
}
