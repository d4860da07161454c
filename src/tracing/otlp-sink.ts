import type { HopRecord } from "./hop.ts";
import { otlpOf } from "./otlp.ts";
import type { TraceSink } from "./recorder.ts";
import type { LostSpans } from "./sink-lane.ts";

/** A collector that takes OTLP over HTTP. */
export interface Collector {
  /** The whole address, as `http://collector:4318/v1/traces`. */
  readonly url: string;
  /** `name=value,name=value`, values percent-encoded, as OTEL_EXPORTER_OTLP_HEADERS writes them. */
  readonly headers?: string;
  readonly fetch: typeof fetch;
  /** An answer's text, as far as it is worth reading; undefined beyond that. */
  readonly textOf: (answer: Response) => Promise<string | undefined>;
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

/**
 * Sends each batch as one request of OTLP's JSON, again where the collector is busy or away; rejects where it is given up. Spans that the
 * collector takes the rest without (https://opentelemetry.io/docs/specs/otlp/#partial-success-1) are lost: it wants them not even once more.
 */
export function otlpSink({ url, headers = "", fetch, textOf, wait }: Collector): TraceSink {
  const fields = headersOf(headers);
  return {
    name: "OTLP",
    async write(hops) {
      if (hops.length === 0) return [];
      const body = JSON.stringify(otlpOf(hops));
      for (let attempt = 1; ; attempt++) {
        const said = await sent({ fetch, url, textOf }, { ...fields, "content-type": "application/json" }, body);
        if ("rejected" in said) return sharesOf(hops, said.rejected);
        if (!said.isRetryable || attempt === ATTEMPTS) throw new Error(said.error);
        await wait(Math.min(said.retryAfterMs ?? FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE));
      }
    },
  };
}

type Said = { readonly rejected: number } | { readonly error: string; readonly isRetryable: boolean; readonly retryAfterMs?: number };

async function sent(
  { fetch, url, textOf }: Pick<Collector, "fetch" | "url" | "textOf">,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Said> {
  try {
    const answer = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(MOST_TIME) });
    if (answer.ok) return { rejected: await rejectedIn(answer, textOf) };
    await answer.body?.cancel();
    const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN);
    const retryAfterMs = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1_000 } : {};
    return { error: `the collector answered ${answer.status}`, isRetryable: RETRYABLE.has(answer.status), ...retryAfterMs };
  } catch (fault) {
    return { error: String(fault), isRetryable: true };
  }
}

/** How many spans of what was taken the collector did not want; what it warns of is told. An answer that says nothing we know has rejected none. */
async function rejectedIn(answer: Response, textOf: Collector["textOf"]): Promise<number> {
  try {
    const { partialSuccess } = JSON.parse((await textOf(answer)) || "{}") as {
      readonly partialSuccess?: { readonly rejectedSpans?: number | string; readonly errorMessage?: string };
    };
    // A number of 64 bits is a string in this encoding.
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0);
    const message = partialSuccess?.errorMessage ?? "";
    if (rejected > 0 || message !== "") console.warn("tracing: the collector took less than it was sent, or warns", rejected, message);
    return Number.isSafeInteger(rejected) ? rejected : 0;
  } catch {
    return 0;
  }
}

/** So many lost spans, over the tenants by what was sent of each: which they were, only the collector knows. */
function sharesOf(hops: readonly HopRecord[], rejected: number): readonly LostSpans[] {
  const sent = hops.reduce((sum, { spans }) => sum + spans.length, 0);
  const lost = Math.min(rejected, sent);
  let seen = 0;
  return hops.flatMap(({ tenant, spans }) => {
    const before = Math.round((lost * seen) / sent);
    seen += spans.length;
    const length = Math.round((lost * seen) / sent) - before;
    return length > 0 ? [{ tenant, spans: { length } }] : [];
  });
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
