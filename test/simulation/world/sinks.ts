import { running } from "./actor.ts";
import { ObjectActor } from "./object-actor.ts";
import type { World } from "./world.ts";

/** An event as a sink got it. */
export interface Receipt {
  readonly time: number;
  /** `t1/a`: the subscription that it is for. */
  readonly subscription: string;
  readonly event: { readonly id: string; readonly stream: string; readonly version: number; readonly position: number; readonly type: string };
  readonly attempt: number;
  /** The replay that it is part of. */
  readonly replay: string | undefined;
  /** The sink took it, whether or not anybody heard of that. */
  readonly isTaken: boolean;
}

const STATUS: Readonly<Record<string, number>> = { "500": 500, "429": 429, "410": 410 };

/** How long (milliseconds) a delivery that was begun before its follower stopped may take to leave. */
const LONGEST_UNDERWAY = 20_000;

/** The network beyond the platform: sinks that take events, refuse them, are down, or answer too late. A story calls one `sink t1/x`. */
export class SimulatedSinks {
  readonly receipts: Receipt[] = [];
  /** Since when those who deliver although they have stopped were seen to. */
  readonly #stopped = new Map<string, number>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** What a follower's object reaches sinks with. The URL is `https://sink.example/<tenant>/<sink>`. */
  async fetch(input: unknown, init: RequestInit): Promise<Response> {
    const actor = running.getStore();
    if (!(actor instanceof ObjectActor)) throw new TypeError(`expected an object to deliver, got ${actor?.name}`);
    if (actor.isAlive) this.#checkLeave(actor);
    this.#world.activity++;
    const sink = `sink ${new URL(String(input)).pathname.slice(1)}`;
    const headers = new Headers(init.headers);
    const { data: event } = JSON.parse(String(init.body)) as { data: Receipt["event"] };
    const [, tenant = "", id = ""] = /^follower ([^/]*)\/subscription:(.*)\/\d+$/.exec(actor.name) ?? [];
    const { draws, faults, clock } = this.#world;
    const mode = actor.isAlive ? faults.take("sink", sink) : undefined;
    const long = (): number => draws.between(`long ${sink}`, 2_000, 40_000);
    const travel = {
      there: mode === "slow" ? long() : this.#world.delay(`to ${sink} of ${actor.name}`),
      back: mode === "late answer" ? long() : this.#world.delay(`from ${sink} to ${actor.name}`),
    };
    const what = `${sink} gets ${event.stream} ${event.version}`;
    const status = STATUS[mode ?? ""] ?? 204;
    const effect = (): Response => {
      const isTaken = status === 204;
      const { id: eventId, stream, version, position, type } = event;
      const replay = headers.get("rivulet-replay") ?? undefined;
      const attempt = Number(headers.get("rivulet-attempt"));
      const receipt = { event: { id: eventId, stream, version, position, type }, attempt, replay, isTaken };
      this.receipts.push({ time: clock.time, subscription: `${tenant}/${id}`, ...receipt });
      return new Response(null, { status, ...(status === 429 && { headers: { "retry-after": "7" } }) });
    };
    const lost = (): Error => new TypeError("Network connection lost.");
    if (mode === "before") return actor.ask(what, { ...travel, isLost: true, error: lost() }, effect);
    if (mode === "after") return actor.ask(what, { ...travel, error: lost() }, effect);
    return actor.ask(what, travel, effect);
  }

  /** Whoever delivers has written down that it is to: not while it is paused, disabled or deleted; and soon not any more where it has stopped. */
  #checkLeave({ name, host }: ObjectActor): void {
    const { status, stopped } = standingOf(host);
    if (status !== "active") this.#world.broken ??= `${name} delivers although it is ${status}`;
    if (stopped === null) return void this.#stopped.delete(name);
    const since = this.#stopped.get(name) ?? this.#world.clock.time;
    this.#stopped.set(name, since);
    if (this.#world.clock.time - since > LONGEST_UNDERWAY) this.#world.broken ??= `${name} delivers although it stopped: ${stopped}`;
  }
}

/** What an object has written down of itself. */
function standingOf({ database }: ObjectActor["host"]): { readonly status: string; readonly stopped: string | null } {
  const gone = { status: "forgotten", stopped: null };
  try {
    const [row] = database.rows<typeof gone>(
      `SELECT (SELECT value ->> '$.definition.status' FROM kept_v1 WHERE key = 'told') AS status,
              (SELECT value ->> '$.stopped.reason' FROM kept_v1 WHERE key = 'cursor') AS stopped`,
    );
    return row?.status ? row : gone;
  } catch {
    // There is no such table.
    return gone;
  }
}
