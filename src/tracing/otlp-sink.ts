import { otlpOf } from "./otlp.ts";
import type { TraceSink } from "./recorder.ts";

/** A collector that takes OTLP over HTTP. */
export interface Collector {
  /** The whole address, as `http://collector:4318/v1/traces`. */
  readonly url: string;
  /** `name=value,name=value`, values percent-encoded, as OTEL_EXPORTER_OTLP_HEADERS writes them. */
  readonly headers?: string;
  readonly fetch: typeof fetch;
  /** Milliseconds. */
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** Times that a batch is sent, and the pause (milliseconds) before the second; each further one is twice as long. */
const ATTEMPTS = 4;
const FIRST_PAUSE = 500;
/** The longest pause (milliseconds), whatever the collector asks for, and what one attempt may take. */
const LONGEST_PAUSE = 5_000;
const MOST_TIME = 5_000;
/** Answers after which it is sent again (https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes). */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Sends each batch as one request of OTLP's JSON, again where the collector is busy or away; rejects where it is given up. */
export function otlpSink({ url, headers = "", fetch, wait }: Collector): TraceSink {
  const fields = headersOf(headers);
  return {
    name: "OTLP",
    async write(hops) {
      if (hops.length === 0) return;
      const body = JSON.stringify(otlpOf(hops));
      for (let attempt = 1; ; attempt++) {
        const said = await sent(fetch, url, { ...fields, "content-type": "application/json" }, body);
        if (said === "taken") return;
        if (!said.isRetryable || attempt === ATTEMPTS) throw new Error(said.error);
        await wait(Math.min(said.retryAfterMs ?? FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE));
      }
    },
  };
}

type Said = "taken" | { readonly error: string; readonly isRetryable: boolean; readonly retryAfterMs?: number };

async function sent(fetch: typeof globalThis.fetch, url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Said> {
  try {
    const answer = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(MOST_TIME) });
    await answer.body?.cancel();
    if (answer.ok) return "taken";
    const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN);
    const retryAfterMs = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1_000 } : {};
    return { error: `the collector answered ${answer.status}`, isRetryable: RETRYABLE.has(answer.status), ...retryAfterMs };
  } catch (fault) {
    return { error: String(fault), isRetryable: true };
  }
}

function headersOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(",").flatMap((pair) => {
    const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    return name === undefined || value === undefined ? [] : [[name.toLowerCase(), decoded(value)] as const];
  });
  return Object.fromEntries(pairs);
}

/** What is not percent-encoded is taken as it stands: a sink is made while a request waits, and must not fail it. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
