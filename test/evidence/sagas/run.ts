import { readAll } from "../../../src/testing/history/read-all.ts";
import { pause } from "../../local/waiting.ts";
import { chance } from "../../support/chance.ts";
import { Insistent } from "../insistent.ts";
import { type KillableServer, killableServer } from "../kills/killable-server.ts";
import { type Fact, inconsistencies } from "./consistent.ts";
import { countCrowd, type Crowd, orderAtOnce } from "./crowd.ts";
import { type Begun, type Killed, killAtEachStep } from "./rounds.ts";
import { SAGAS } from "./standings.ts";
import { prepare } from "./ways.ts";

export interface SagaOptions {
  /** Kills at most: as many as it takes to meet each step, if that is less. */
  readonly kills: number;
  readonly orders: number;
  /** What clients do by chance; what the machine does in between is its own. */
  readonly seed: number;
}

export interface SagaRun {
  readonly seconds: number;
  readonly killed: Killed;
  readonly crowd: Crowd;
  /** Instances that have not come to their end, or to another one than their way's. */
  readonly astray: readonly string[];
  /** What was inconsistent while orders waited for their money, and in the end. */
  readonly whileOpen: readonly string[];
  readonly inTheEnd: readonly string[];
  /** Orders that waited for their money meanwhile. */
  readonly open: number;
  /** Instances, and events, that were held against each other in the end. */
  readonly instances: number;
  readonly events: number;
}

/** Nothing more is awaited once nothing has come for so long (milliseconds). */
const STILL = 120_000;
/** Orders that wait for their money until all else is done. */
const OPEN = 10;

/**
 * Starts the real server, kills it at each step of each saga, lets a crowd order more than there is, and holds the streams of all
 * aggregates against each other. Needs no test runner. Throws where the server does not start, or refuses what it has to take.
 */
export async function runSagas({ kills, orders, seed }: SagaOptions): Promise<SagaRun> {
  const begun = Date.now();
  const server = await killableServer();
  try {
    await server.start();
    const client = new Insistent(server.url, server.key);
    await prepare(client);
    const waiting = await placeOpen(client);
    const killed = await killAtEachStep(server, client, { most: kills, random: chance(seed) });
    const ids = await orderAtOnce(client, orders);
    const wanted = killed.begun.length + ids.length;
    const log = (): Promise<readonly Fact[]> => wholeLog(server);
    await untilEnded(client, wanted);
    const whileOpen = inconsistencies(await log(), new Set(waiting));
    await closeOpen(client, waiting);
    await untilEnded(client, wanted + waiting.length);
    const final = await log();
    const rows = await readAll<{ orderId: string; status: string }>(server.url, server.key, "/v1/views/order_summary");
    const seconds = Math.round((Date.now() - begun) / 1000);
    const crowd = await countCrowd(client, ids, rows);
    return {
      seconds,
      killed,
      crowd,
      astray: await astrayOf(client, killed.begun),
      whileOpen,
      inTheEnd: inconsistencies(final),
      open: waiting.length,
      instances: final.filter(({ type }) => type === "saga.Started").length,
      events: final.length,
    };
  } finally {
    await server.dispose();
  }
}

/** The log, and what the instances themselves say: the platform's own events are shown only where they are asked for. */
async function wholeLog({ url, key }: KillableServer): Promise<readonly Fact[]> {
  const paths = ["/v1/events", ...SAGAS.map(({ category }) => `/v1/events?category=${category}`)];
  return (await Promise.all(paths.map((path) => readAll<Fact>(url, key, path)))).flat();
}

interface Figures {
  readonly completed: number;
  readonly compensated: number;
  readonly cancelled: number;
}

/** Waits until so many instances have ended, or no more of them do: then the checks say what is missing. */
async function untilEnded(client: Insistent, wanted: number): Promise<void> {
  let [most, since] = [0, Date.now()];
  const ended = async (): Promise<number> => {
    const { items = [] } = (await client.look<{ items: readonly Figures[] }>("/v1/sagas")) ?? {};
    return items.reduce((sum, { completed, compensated, cancelled }) => sum + completed + compensated + cancelled, 0);
  };
  for (let now = await ended(); now < wanted && Date.now() - since < STILL; now = await ended()) {
    if (now > most) [most, since] = [now, Date.now()];
    await pause(2_000);
  }
}

async function placeOpen(client: Insistent): Promise<readonly string[]> {
  const ids = Array.from({ length: OPEN }, (_, n) => `open${n}`);
  for (const id of ids) {
    const order = { customerId: "silent", items: [{ sku: "tea", quantity: 3, priceCents: 100 }] };
    await client.change("POST", `/v1/aggregates/order/${id}/PlaceOrder`, order);
  }
  return ids;
}

/** Half of them are paid, the others called off: by their customers, or by whoever looks after the sagas. */
async function closeOpen(client: Insistent, ids: readonly string[]): Promise<void> {
  for (const [n, id] of ids.entries()) {
    if (n % 2 === 0) await client.change("POST", `/v1/aggregates/payment/${id}/CapturePayment`, { reference: "by hand" });
    else await client.change("POST", `/v1/sagas/order-fulfilment/${id}/cancel`, { reason: "the customer called" });
  }
}

async function astrayOf(client: Insistent, begun: readonly Begun[]): Promise<readonly string[]> {
  const astray: string[] = [];
  for (const { id, way } of begun) {
    const found = await client.look<{ state: string; reason?: string }>(`/v1/sagas/${way.saga}/${id}`);
    if (!way.ends.includes(found?.state ?? "")) astray.push(`${way.saga} ${id} (${way.name}) is ${found?.state}: ${found?.reason}`);
  }
  return astray;
}
