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

/** The network beyond the platform: sinks that take events, refuse them, are down, or answer too late. A story calls one `sink t1/x`. */
export class SimulatedSinks {
  readonly receipts: Receipt[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** What a follower's object reaches sinks with. The URL is `https://sink.example/<tenant>/<sink>`. */
  async fetch(input: unknown, init: RequestInit): Promise<Response> {
    const actor = running.getStore();
    if (!(actor instanceof ObjectActor)) throw new TypeError(`expected an object to deliver, got ${actor?.name}`);
    if (actor.isAlive) this.#checkLeave(actor);
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
    const error = new TypeError("Network connection lost.");
    if (mode === "before") return actor.ask(what, { ...travel, isLost: true, error }, effect);
    if (mode === "after") return actor.ask(what, { ...travel, error }, effect);
    return actor.ask(what, travel, effect);
  }

  /** Whoever delivers has written down that it is to: not while it is paused, disabled, deleted, or has stopped. */
  #checkLeave({ name, host }: ObjectActor): void {
    const isThere = host.database.rows("SELECT 1 FROM sqlite_master WHERE name = 'kept_v1'").length > 0;
    const rows = isThere ? host.database.rows<{ key: string; value: string }>("SELECT key, value FROM kept_v1 WHERE key IN ('told', 'cursor')") : [];
    const kept = new Map(rows.map(({ key, value }) => [key, JSON.parse(value)]));
    const status = (kept.get("told") as { definition: { status: string } } | undefined)?.definition.status ?? "forgotten";
    const stopped = (kept.get("cursor") as { stopped: { reason: string } | null } | undefined)?.stopped?.reason;
    if (status !== "active") this.#world.broken ??= `${name} delivers although it is ${status}`;
    if (stopped !== undefined) this.#world.broken ??= `${name} delivers although it stopped: ${stopped}`;
  }
}
