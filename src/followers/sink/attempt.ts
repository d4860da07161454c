import { MAX_KEPT_BODY } from "../../kernel/index.ts";

/** What one request came to: an answer, with the beginning of its body; or a sentence about why there is none, which tells nothing of the network within. */
export type Answered = { readonly status: number; readonly headers: Headers; readonly body: string } | { readonly error: string };

export interface Asked {
  readonly url: string;
  readonly method: string;
  /** Where two have one name, the later one goes before. */
  readonly headers: readonly Readonly<Record<string, string>>[];
  readonly body?: string;
}

/** One request whose answer is read no further than needed. Never rejects, ends within its time (milliseconds), and leaves no connection open. */
export async function attempt(fetch: typeof globalThis.fetch, { url, headers: fields, ...request }: Asked, timeoutMs: number): Promise<Answered> {
  const stop = new AbortController();
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), timeoutMs);
  try {
    const headers = new Headers();
    for (const [name, value] of fields.flatMap((some) => Object.entries(some))) headers.set(name, value);
    // As the guard has read the URL, and nobody else may read it differently.
    const asked = fetch(new URL(url).href, { ...request, headers, redirect: "manual", signal: stop.signal });
    // Whoever waits for it is gone by the time it rejects.
    asked.catch(() => undefined);
    const answer = await Promise.race([asked, late.promise]);
    if (answer === "late") return { error: `no answer within ${timeoutMs} ms` };
    return { status: answer.status, headers: answer.headers, body: await beginningOf(answer, late.promise) };
  } catch {
    return { error: "no connection, or one that was lost before the answer" };
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

/** The status is the answer: a body that stops in its midst, or is late, takes nothing from it. */
async function beginningOf({ body }: Response, late: Promise<"late">): Promise<string> {
  const reader = body?.getReader();
  if (reader === undefined) return "";
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    while (length < MAX_KEPT_BODY) {
      const read = await Promise.race([reader.read(), late]);
      if (read === "late" || read.done) break;
      chunks.push(read.value);
      length += read.value.length;
    }
  } catch {
    // What came is kept.
  }
  reader.cancel().catch(() => undefined);
  return cut(cut(Buffer.concat(chunks)));
}

/** Text of at most as many bytes as are kept. Done twice, for what is no UTF-8 takes more room as text than as bytes. */
function cut(bytes: Uint8Array | string): string {
  const all = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  return new TextDecoder().decode(all.subarray(0, MAX_KEPT_BODY), { stream: all.length > MAX_KEPT_BODY });
}
