import { pause } from "../../local/waiting.ts";
import type { Insistent } from "../insistent.ts";

/** A way that an instance of a saga can go, and what drives it there from outside. */
export interface Way {
  readonly saga: string;
  readonly name: string;
  /** How it may end; by whoever came first, where there are several. */
  readonly ends: readonly string[];
  /** Begins it under an id of its own, and does what people and services do meanwhile. Ends when there is nothing left for them to do. */
  walk(client: Insistent, id: string): Promise<void>;
}

/** Stock that is never short, and a sku that nobody ever has. */
const TEA = "tea";
const GOLD = "gold";
/** Titles that the library has in English. */
const TITLE = "Kept";
const SUBTITLE = "1\n00:00:01,000 --> 00:00:02,000\nHello.\n";

/** What all ways stand on. */
export async function prepare(client: Insistent): Promise<void> {
  await send(client, `inventory/${TEA}/Receive`, { quantity: 100_000 });
  await client.change("PUT", `/subtitles/library/${TITLE}/en`, SUBTITLE);
}

const FULFILMENT = "order-fulfilment";
const ordering =
  (customer: string, skus: readonly string[], then?: (client: Insistent, id: string) => Promise<unknown>) => async (client: Insistent, id: string) => {
    const items = skus.map((sku) => ({ sku, quantity: 2, priceCents: 100 }));
    await send(client, `order/${id}/PlaceOrder`, { customerId: customer, items });
    await then?.(client, id);
  };
const registering = (host: string) => (client: Insistent, id: string) => send(client, `user/${id}/RegisterUser`, { email: `${id}@${host}`, name: "U" });
const subtitling = (title: string, language: string) => async (client: Insistent, id: string) => {
  const request = { videoUrl: "https://v.example/", videoTitle: title, language, preferredSources: [] };
  await client.change("POST", "/v1/sagas/subtitle-job", { id, data: { jobId: id, request } });
};
const starting = (client: Insistent, id: string) => send(client, `batch/${id}/StartBatch`, { videoUrls: ["https://v.example/1", "https://v.example/2"] });

/** Every saga, on its happy way and on those where it has to undo what it did. */
export const WAYS: readonly Way[] = [
  { saga: FULFILMENT, name: "paid", ends: ["completed"], walk: ordering("ann", [TEA]) },
  { saga: FULFILMENT, name: "paid twice", ends: ["completed"], walk: ordering("twice", [TEA]) },
  {
    saga: FULFILMENT,
    name: "paid late",
    ends: ["completed"],
    walk: ordering("silent", [TEA], (client, id) => send(client, `payment/${id}/CapturePayment`, { reference: "by hand" }, ["no_such_payment"])),
  },
  { saga: FULFILMENT, name: "declined", ends: ["compensated"], walk: ordering("declined-eve", [TEA]) },
  { saga: FULFILMENT, name: "short of a sku", ends: ["compensated"], walk: ordering("ann", [TEA, GOLD]) },
  {
    saga: FULFILMENT,
    name: "cancelled",
    ends: ["cancelled"],
    walk: ordering("silent", [TEA], (client, id) => cancel(client, FULFILMENT, id)),
  },
  {
    saga: FULFILMENT,
    name: "paid too late",
    ends: ["cancelled"],
    walk: ordering("silent", [TEA], async (client, id) => {
      while ((await client.look(`/v1/aggregates/payment/${id}`)) === undefined) await pause(100);
      await cancel(client, FULFILMENT, id);
      await send(client, `payment/${id}/CapturePayment`, { reference: "by hand" });
    }),
  },
  { saga: "user-onboarding", name: "welcomed", ends: ["completed"], walk: registering("slow.example") },
  { saga: "user-onboarding", name: "refused", ends: ["compensated"], walk: registering("refused.example") },
  {
    saga: "tenant-provisioning",
    name: "created",
    ends: ["completed"],
    walk: (client, id) => send(client, `tenant/${id}/CreateTenant`, { name: "T", plan: "free" }),
  },
  {
    saga: "tenant-provisioning",
    name: "never settled",
    ends: ["cancelled"],
    async walk(client, id) {
      await client.change("POST", "/v1/sagas/tenant-provisioning", { id, data: { tenantId: id } });
      await cancel(client, "tenant-provisioning", id);
    },
  },
  { saga: "subtitle-job", name: "found", ends: ["completed"], walk: subtitling(TITLE, "en") },
  { saga: "subtitle-job", name: "translated", ends: ["completed"], walk: subtitling(TITLE, "he") },
  { saga: "subtitle-job", name: "nowhere", ends: ["compensated"], walk: subtitling("Lost", "he") },
  {
    saga: "video-batch",
    name: "processed",
    ends: ["completed"],
    async walk(client, id) {
      await starting(client, id);
      await send(client, `video/${id}:1/StartProcessing`, { processor: "p" }, ["no_such_job"]);
      await send(client, `video/${id}:1/CompleteProcessing`, { outputs: [] });
      await send(client, `video/${id}:2/FailProcessing`, { reason: "no sound" }, ["no_such_job"]);
    },
  },
  {
    saga: "video-batch",
    name: "cancelled",
    ends: ["cancelled"],
    async walk(client, id) {
      await starting(client, id);
      await cancel(client, "video-batch", id);
    },
  },
];

/** `to` is `<category>/<id>/<command>`. */
async function send(client: Insistent, to: string, data: object, early: readonly string[] = []): Promise<void> {
  await client.change("POST", `/v1/aggregates/${to}`, data, early);
}

async function cancel(client: Insistent, saga: string, id: string): Promise<void> {
  await client.change("POST", `/v1/sagas/${saga}/${id}/cancel`, { reason: "the customer called" }, ["not_found"]);
}
