import type { FinalEvent } from "../../../src/testing/history/final-state.ts";
import { askFor, readAll } from "../../../src/testing/history/read-all.ts";
import { Insistent } from "../insistent.ts";
import type { Append } from "./traffic.ts";

/** How a subscription stands, as far as the evidence looks. */
export interface Standing {
  readonly position: number;
  readonly lag: number;
  readonly state: string;
  readonly health: string;
  readonly counts: { readonly delivered: number; readonly failed: number; readonly parked: number };
  readonly retrying: number;
  readonly parked: number;
  readonly replays: readonly { readonly id: string; readonly delivered: number; readonly state: string }[];
}

/** A dead letter, as far as the evidence looks. */
export interface Letter {
  readonly id: string;
  readonly subscription: string;
  readonly event: FinalEvent & { readonly position: number };
  readonly attempts: readonly { readonly at: string; readonly status: number | null; readonly error: string | null }[];
  readonly waitingBehind?: number | null;
}

/** Asks a server that may be killed meanwhile: what changes something is sent again, by its key, until it is answered. */
export class Client {
  readonly #url: string;
  readonly #key: string;
  readonly #insistent: Insistent;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
    this.#insistent = new Insistent(url, key);
  }

  /** Throws where the platform refuses. */
  async append({ stream, events }: Pick<Append, "stream"> & { readonly events: readonly object[] }): Promise<void> {
    await this.#insistent.change("POST", `/v1/streams/${stream}/events`, { events });
  }

  /** Gives its id, and the position that it begins after. */
  async subscribe(settings: object): Promise<{ readonly id: string; readonly position: number }> {
    return (await this.#insistent.change("POST", "/v1/subscriptions", settings)) as { id: string; position: number };
  }

  async act(id: string, what: "pause" | "resume"): Promise<void> {
    await this.#insistent.change("POST", `/v1/subscriptions/${id}/${what}`);
  }

  async replay(id: string, range: object): Promise<{ readonly id: string; readonly from: number; readonly to: number }> {
    return (await this.#insistent.change("POST", `/v1/subscriptions/${id}/replay`, range)) as { id: string; from: number; to: number };
  }

  async redrive(letter: string): Promise<void> {
    await this.#insistent.change("POST", `/v1/dead-letters/${encodeURIComponent(letter)}/redrive`);
  }

  async standing(id: string): Promise<Standing> {
    return (await askFor<Standing>(this.#url, this.#key, `/v1/subscriptions/${id}`)) as Standing;
  }

  letters(): Promise<readonly Letter[]> {
    return readAll(this.#url, this.#key, "/v1/dead-letters");
  }

  async letter(id: string): Promise<Letter | undefined> {
    return askFor(this.#url, this.#key, `/v1/dead-letters/${encodeURIComponent(id)}`);
  }

  /** The whole log, what subscriptions' own streams say too. */
  async log(): Promise<readonly FinalEvent[]> {
    const [log, own] = await Promise.all(
      ["/v1/events", "/v1/events?category=rivulet_subscription"].map((path) => readAll<FinalEvent>(this.#url, this.#key, path)),
    );
    return [...(log ?? []), ...(own ?? [])].toSorted((one, other) => (one.position ?? 0) - (other.position ?? 0));
  }
}
