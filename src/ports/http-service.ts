import { z } from "zod";
import { sha256 } from "../kernel/index.ts";
import { traceparentNow } from "../tracing/traced.ts";
import { boundedText } from "./bounded-text.ts";

/** Where a service beyond the platform is, and the key that it is sent as `Authorization: Bearer`. */
export interface HttpServiceGiven {
  readonly url: string;
  readonly key?: string;
  readonly fetch?: typeof fetch;
  /** Milliseconds that one request may take; 10 s where left out. */
  readonly requestMs?: number;
}

/** Bytes of an answer that are read. */
const MOST_BYTES = 65_536;
/** Characters that are kept of what a service says. */
const MOST_OF_REASON = 500;

/** RFC 9457, or what many services send in its place. */
const said = z.object({ detail: z.string().optional(), reason: z.string().optional(), error: z.string().optional() });

/** What a service made of a request: its answer, or its no, which another attempt would not change. */
export type Asked<Answer> = { readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly status: number; readonly reason: string };

/**
 * Asks a service: a POST of JSON with an `Idempotency-Key` that is the same for each attempt. A 4xx is the service's no, but for 408, 425
 * and 429; those, a 5xx, an answer of another shape and no answer in time throw, and are to be asked again.
 */
export async function askService<Answer>(
  given: HttpServiceGiven,
  { name, path, key, body }: { readonly name: string; readonly path: string; readonly key: string; readonly body: unknown },
  answered: z.ZodType<Answer>,
): Promise<Asked<Answer>> {
  const { url, fetch: go = fetch, requestMs = 10_000 } = given;
  const trace = traceparentNow(undefined);
  const response = await go(new URL(path, url.endsWith("/") ? url : `${url}/`), {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      // Our own keys hold characters that a header may not.
      "idempotency-key": `"${sentKey(key)}"`,
      ...(trace !== undefined && { traceparent: trace }),
      ...(given.key !== undefined && { authorization: `Bearer ${given.key}` }),
    },
    body: JSON.stringify(body),
    redirect: "manual",
    signal: AbortSignal.timeout(requestMs),
  }).catch(() => {
    // The error's text may name what is inside.
    throw new Error(`The ${name} could not be reached, or took over ${requestMs} ms.`);
  });
  const text = (await boundedText(response, MOST_BYTES)) ?? "";
  if (response.status >= 400 && response.status < 500 && ![408, 425, 429].includes(response.status)) {
    return { ok: false, status: response.status, reason: reasonIn(text) ?? `The ${name} answered ${response.status}.` };
  }
  if (!response.ok) throw new Error(`The ${name} answered ${response.status}.`);
  const answer = answered.safeParse(parsed(text));
  if (!answer.success) throw new Error(`The ${name} answered something else than was asked for.`);
  return { ok: true, answer: answer.data };
}

/** A key as a service is sent it. */
export function sentKey(key: string): string {
  return sha256(key).slice("sha256:".length);
}

function reasonIn(text: string): string | undefined {
  const found = said.safeParse(parsed(text)).data;
  return (found?.detail ?? found?.reason ?? found?.error)?.slice(0, MOST_OF_REASON);
}

function parsed(text: string): unknown {
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
}
