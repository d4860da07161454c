import { type Client, client, unexpected } from "./client.ts";
import { flagsOf } from "../local/flags.ts";
import { table } from "./table.ts";

const HELP = `Seals every secret under the present MASTER_KEY: npx rivulet reseal

To change the key: start the server with the new one as MASTER_KEY and the one before in MASTER_KEY_OLD, run this, and where it says that
nothing is left, drop MASTER_KEY_OLD. It may be broken off and run again: what is sealed under the present key already is left as it is.

  --limit N  secrets' holders of one request, 1 to 50 (50)

Settings come from the environment: RIVULET_URL, PORT, ADMIN_KEY, as for npm run demo.

Exit codes: 0 everything is sealed under the present key; 1 something is not, and is listed; 2 it could not be found out.`;

interface Item {
  readonly tenant: string;
  readonly stream: string;
  readonly state: "resealed" | "current" | "unopened" | "busy";
}

/** Runs `npx rivulet reseal` and gives the exit code. */
export async function reseal(args: readonly string[]): Promise<number> {
  try {
    const flags = flagsOf({ help: { type: "boolean", short: "h" }, limit: { type: "string", default: "50" } }, "npx rivulet reseal --help", args);
    if (flags.help) {
      console.log(HELP);
      return 0;
    }
    const limit = Number(flags.limit);
    if (!Number.isInteger(limit) || limit < 1 || limit > 50) throw new Error(`expected --limit to be 1 to 50, got "${flags.limit}"`);
    return tell(await resealAll(await client(process.env), limit));
  } catch (fault) {
    console.error(`reseal: ${(fault as Error).message}`);
    return 2;
  }
}

async function resealAll(server: Client, limit: number): Promise<readonly Item[]> {
  const all: Item[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const query = new URLSearchParams({ limit: String(limit), ...(cursor !== undefined && { cursor }) });
    const answer = await server.ask(`/v1/reseal?${query}`, { method: "POST" });
    if (answer.status !== 200) throw unexpected("expected the server to seal secrets anew", answer);
    const page = answer.body as { readonly items: readonly Item[]; readonly next: string | null };
    all.push(...page.items);
    cursor = page.next;
  }
  return all;
}

function tell(all: readonly Item[]): number {
  const count = (state: Item["state"]): number => all.filter((item) => item.state === state).length;
  const left = all.filter(({ state }) => state === "unopened" || state === "busy");
  if (left.length > 0) {
    const columns = [
      { heading: "tenant", cell: ({ tenant }: Item) => tenant },
      { heading: "stream", cell: ({ stream }: Item) => stream },
      { heading: "state", cell: ({ state }: Item) => state },
    ];
    console.log(`${table(columns, left)}\n`);
  }
  console.log(`${all.length} looked at: ${count("resealed")} sealed anew, ${count("current")} were as they are, ${left.length} left`);
  if (left.length === 0) console.log("The keys before this one are not needed any more: drop MASTER_KEY_OLD.");
  return left.length > 0 ? 1 : 0;
}
