import { requestBytes } from "../connection.ts";
import type { Figure } from "../figure.ts";
import { run } from "../load.ts";
import { ADMIN_KEY } from "../platform.ts";
import { appendOf, perStage, type Stage } from "../stage.ts";

/** A limit that no round reaches: over so many seconds each request asks for it, over fewer it is leased out. */
const LIMIT = 100_000;
const ASKED = 86_400;
const LEASED = 60;

/** Reads of a stream's head with a key that has a limit. */
function limited(name: string, title: string, periodSeconds?: number): Figure {
  const question = perStage(async (stage) => {
    const stream = stage.newName();
    await stage.append({ clients: 1, seconds: 5, request: () => appendOf(stream), most: 1 });
    const key = await keyWith(stage, name, periodSeconds);
    await stage.drain();
    return requestBytes("GET", `/v1/streams/${stream}`, { key });
  });
  return {
    name,
    title: `${title}, 16 clients`,
    unit: "reads",
    clients: 16,
    spread: "one",
    against: "hello",
    isNotQuick: true,
    prepare: async (stage) => void (await question(stage)),
    async measure(stage, seconds) {
      const request = await question(stage);
      const { answered, seconds: took, latencies, refused } = await run({ origin: stage.origin, clients: 16, seconds, request: () => request });
      return { perSecond: answered / took, units: answered, latencies, refused };
    },
  };
}

async function keyWith(stage: Stage, name: string, periodSeconds: number | undefined): Promise<string> {
  const limits = periodSeconds === undefined ? {} : { limits: { requests: { limit: LIMIT, periodSeconds } } };
  const response = await fetch(`${stage.origin}/v1/keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ name, scopes: ["streams:read:*"], ...limits }),
  });
  if (response.status !== 201) throw new Error(`expected a key, got ${response.status}`);
  return ((await response.json()) as { readonly key: string }).key;
}

/** What a limit costs: none, one that each request asks for, and one that is leased out. */
export const limitFigures: readonly Figure[] = [
  limited("unlimited-16", "reads of a stream's head, a key without a limit"),
  limited("asked-16", "the same, a limit that every request asks for", ASKED),
  limited("leased-16", "the same, a limit that is leased out", LEASED),
];
