import * as fc from "fast-check";
import { expect, test } from "vitest";
import { orderEvents, orderFulfilment, paymentEvents } from "../../../src/domains/commerce/index.ts";
import { settingsEvents, tenantEvents, tenantProvisioning } from "../../../src/domains/platform/index.ts";
import { subtitleEvents, subtitleJob } from "../../../src/domains/subtitles/index.ts";
import { userEvents } from "../../../src/domains/users/index.ts";
import { batchEvents, videoBatch, videoEvents } from "../../../src/domains/video/index.ts";
import { userOnboarding } from "../../../src/flows/index.ts";
import { type DueCall, isRejection, type Saga } from "../../../src/kernel/index.ts";
import { dueWork } from "../../../src/sagas/due-work.ts";
import { again, type Performed } from "../../../src/sagas/perform-call.ts";
import { factKey, sagaDecider } from "../../../src/sagas/saga-decider.ts";
import { NOT_BEGUN, type SagaState } from "../../../src/sagas/state.ts";
import { type Happened, happened, logged } from "../../../src/testing/index.ts";
import { confirmed, planned, refused, trip } from "./support/trip.ts";

/** A saga, what it hears, and what comes back for its calls: `fails` by `step` or `step/call` once all is up, the rest is done. */
interface Story {
  readonly title: string;
  readonly saga: Saga;
  readonly heard: readonly Happened[];
  readonly says?: Readonly<Record<string, Performed>>;
  readonly ends: SagaState["status"];
  /** Why it ends so where a deadline has passed; left out, none does. */
  readonly waits?: RegExp;
}

const at = "2026-01-01T00:00:00.000Z";
const items = ["tea", "milk"].map((sku) => ({ sku, quantity: 1, priceCents: 100 }));
const placed = happened("order-o", orderEvents.OrderPlaced({ customerId: "c", items, totalCents: 200, currency: "EUR", placedAt: at }));
const paid = happened("payment-o", paymentEvents.PaymentCaptured({ reference: "r" }));
const started = happened("batch-b", batchEvents.BatchStarted({ jobs: [1, 2, 3].map((n) => ({ jobId: `b:${n}`, videoUrl: "https://v.example/" })) }));
const outcomes = [
  happened("video-b:1", videoEvents.ProcessingCompleted({ outputs: [] })),
  happened("video-b:2", videoEvents.ProcessingFailed({ reason: "no sound" })),
  happened("video-b:3", videoEvents.ProcessingCompleted({ outputs: [] })),
];
const settled = { plan: "free", flags: {}, limits: { users: 1, locations: 1 }, location: { locationId: "main", name: "Main" }, version: 1 };
const tenant = [
  happened("tenant-t", tenantEvents.TenantCreated({ name: "T", plan: "free" })),
  happened("tenant_settings-t", settingsEvents.DefaultsApplied(settled)),
];
const request = { videoUrl: "https://v.example/", videoTitle: "T", language: "he", preferredSources: [] };
const translated = [
  happened("subtitle-j", subtitleEvents.DownloadRequested(request)),
  happened("subtitle-j", subtitleEvents.SubtitleTranslated({ downloadUrl: "/subtitles/j/file" })),
];
const no: Performed = { outcome: "rejected", error: "no" };

const registered = happened("user-u", userEvents.UserRegistered({ email: "u@a.example", name: "U", registeredAt: at }));
const [created] = tenant as [Happened, Happened];
const [asked] = translated as [Happened, Happened];
const declined = happened("payment-o", paymentEvents.PaymentFailed({ reason: "no" }));
const gaveUp = happened("subtitle-j", subtitleEvents.JobFailed({ reason: "no", stage: "translation" }));
const chose = (choice: object): Readonly<Record<string, Performed>> => ({ search: { outcome: "done", learned: { choice } } });
const found = chose({ kind: "found", downloadUrl: "/subtitles/j/file", source: "library" });
const elsewhere = chose({ kind: "translate", fromLanguage: "en" });

/** What stands in for each real saga: its happy ways, each failure of each of its steps, and each deadline, which passes where nothing else comes. */
const stories: readonly Story[] = [
  { title: "an order that is fulfilled", saga: orderFulfilment, heard: [placed, paid], ends: "completed" },
  { title: "an order without the first of its goods", saga: orderFulfilment, heard: [placed], says: { "reserve/0": no }, ends: "compensated" },
  { title: "an order without the last of its goods", saga: orderFulfilment, heard: [placed], says: { "reserve/1": no }, ends: "compensated" },
  { title: "an order whose payment is refused", saga: orderFulfilment, heard: [placed], says: { payment: no }, ends: "compensated" },
  { title: "an order whose money does not come", saga: orderFulfilment, heard: [placed, declined], ends: "compensated" },
  { title: "an order whose money is never heard of", saga: orderFulfilment, heard: [placed], ends: "compensated", waits: /^payment waited longer/ },
  { title: "an order that is gone", saga: orderFulfilment, heard: [placed, paid], says: { confirm: no }, ends: "compensated" },
  { title: "an order whose goods cannot leave", saga: orderFulfilment, heard: [placed, paid], says: { "commit/0": no }, ends: "compensated" },
  { title: "an order of which some goods cannot leave", saga: orderFulfilment, heard: [placed, paid], says: { "commit/1": no }, ends: "compensated" },
  { title: "a batch", saga: videoBatch, heard: [started, ...outcomes], ends: "completed" },
  { title: "a batch of which a job is refused", saga: videoBatch, heard: [started], says: { "jobs/1": no }, ends: "compensated" },
  { title: "a batch of which a job never ends", saga: videoBatch, heard: [started, ...outcomes.slice(1)], ends: "compensated", waits: /^jobs waited longer/ },
  { title: "a tenant", saga: tenantProvisioning, heard: tenant, ends: "completed" },
  { title: "a tenant that is refused", saga: tenantProvisioning, heard: tenant, says: { ready: no }, ends: "compensated" },
  { title: "a tenant that never gets its settings", saga: tenantProvisioning, heard: [created], ends: "compensated", waits: /^settings waited longer/ },
  { title: "a user", saga: userOnboarding, heard: [registered], ends: "completed" },
  { title: "a user without a profile", saga: userOnboarding, heard: [registered], says: { profile: no }, ends: "compensated" },
  { title: "a user without a role", saga: userOnboarding, heard: [registered], says: { role: no }, ends: "compensated" },
  { title: "a user whom no mail reaches", saga: userOnboarding, heard: [registered], says: { welcome: no }, ends: "compensated" },
  { title: "a subtitle that is found", saga: subtitleJob, heard: [asked], says: found, ends: "completed" },
  { title: "a subtitle that is translated", saga: subtitleJob, heard: translated, says: elsewhere, ends: "completed" },
  { title: "a subtitle that nobody may ask for", saga: subtitleJob, heard: [asked], says: { request: no }, ends: "compensated" },
  { title: "a subtitle that nobody may start", saga: subtitleJob, heard: [asked], says: { start: no }, ends: "compensated" },
  { title: "a subtitle that is nowhere", saga: subtitleJob, heard: [asked], says: { search: no }, ends: "compensated" },
  { title: "a subtitle that cannot be handed over", saga: subtitleJob, heard: [asked], says: { ...found, found: no }, ends: "compensated" },
  { title: "a subtitle that nobody is to translate", saga: subtitleJob, heard: [asked], says: { ...elsewhere, translation: no }, ends: "compensated" },
  { title: "a subtitle that nobody may translate", saga: subtitleJob, heard: [asked], says: { ...elsewhere, translate: no }, ends: "compensated" },
  { title: "a subtitle that the translator gives up", saga: subtitleJob, heard: [asked, gaveUp], says: elsewhere, ends: "compensated" },
  { title: "a subtitle that is never translated", saga: subtitleJob, heard: [asked], says: elsewhere, ends: "compensated", waits: /^translate waited longer/ },
  { title: "a trip", saga: trip, heard: [planned, confirmed("hotel"), confirmed("flight")], ends: "completed" },
  { title: "a trip to a full hotel", saga: trip, heard: [planned, refused("hotel", "full"), confirmed("flight")], ends: "compensated" },
  { title: "a trip without a visa", saga: trip, heard: [planned, confirmed("hotel"), confirmed("flight")], says: { visa: no }, ends: "compensated" },
];

test("each step of each real saga fails in one of the stories, and each that may only wait so long waits too long in one", () => {
  for (const saga of [orderFulfilment, videoBatch, tenantProvisioning, userOnboarding, subtitleJob]) {
    const own = stories.filter((story) => story.saga === saga);
    const failing = new Set(own.flatMap(({ says = {} }) => Object.entries(says).flatMap(([call, said]) => (said === no ? call.split("/")[0] : []))));
    for (const { name, withinMs } of saga.groups.flat()) {
      // The settings are only waited for: nothing is asked that could be refused.
      if (name !== "settings") expect(failing, `${saga.name} ${name}`).toContain(name);
      const waits = own.filter(({ waits }) => waits?.test(`${name} waited longer`));
      expect(waits.length, `${saga.name} ${name}`).toBe(withinMs === undefined ? 0 : 1);
    }
  }
});

type Draw = (below: number) => number;
interface Input {
  readonly name: string;
  readonly data: unknown;
}

/** Tells the saga all of the story, in an order that is drawn, much of it twice, calls failing now and then. */
function tell({ saga, heard, says = {} }: Story, draw: Draw): { readonly state: SagaState; readonly done: readonly string[] } {
  const decider = sagaDecider(saga);
  let state = NOT_BEGUN;
  let now = Date.parse(at);
  const told: Input[] = [];
  const done = new Set<string>();
  const say = (input: Input): void => {
    const decided = decider.decide({ name: input.name, data: decider.commands[input.name]?.parse(input.data) }, state, {
      now: new Date(now).toISOString(),
      id: "1",
    });
    if (isRejection(decided)) throw new Error(decided.code);
    state = decided.reduce((state: unknown, fact) => decider.evolve(state, { ...fact, data: JSON.parse(JSON.stringify(fact.data)) }), state) as SagaState;
    told.push(input);
  };
  const left = logged(heard).map((event) => ({ name: "Receive", data: { key: factKey(event), fact: saga.fact("test", event) } }));
  const perform = (call: DueCall): void => {
    const { step, round, call: index, failures, isUndoing } = call;
    const definition = saga.groups.flat().find(({ name }) => name === step);
    const isFault = failures === 0 && draw(3) === 0;
    const said = isUndoing ? undefined : (says[`${step}/${index}`] ?? says[step]);
    const performed = isFault ? again(definition, call, "busy", { now: () => now, chance: () => draw(100) / 100 }) : (said ?? { outcome: "done" });
    if (!isFault) done.add(JSON.stringify([step, isUndoing, call.command ?? "beyond"]));
    say({ name: "Report", data: { step, round, call: index, failures, isUndoing, ...performed } });
  };
  for (let turn = 0; turn < 2_000; turn++) {
    const { calls } = dueWork(saga, state);
    const ready = calls.filter(({ due }) => Date.parse(due) <= now);
    const repeat = told[draw(told.length * 2)];
    if (repeat !== undefined && turn < 500) say(repeat);
    else if (left.length + ready.length > 0) {
      const at = draw(left.length + ready.length);
      if (at < left.length) say(left.splice(at, 1)[0] as Input);
      else perform(ready[at - left.length] as DueCall);
    } else if (calls.length > 0) now = Math.min(...calls.map(({ due }) => Date.parse(due)));
    else if (dueWork(saga, state).deadlines.length > 0) {
      now = Math.min(...dueWork(saga, state).deadlines.map((deadline) => Date.parse(deadline)));
      say({ name: "Tick", data: {} });
    } else return { state, done: [...done].toSorted() };
  }
  throw new Error("expected the story to come to an end");
}

/** What counts of a state: not when, nor in which order. */
function standing({ state: { status, data, steps }, done }: ReturnType<typeof tell>): unknown {
  return { status, data, steps: Object.fromEntries(Object.entries(steps).map(([name, { state }]) => [name, state])), done };
}

test.each(stories)("$title ends in the same state, and has done the same, in whatever order and however often all comes", ({ ends, ...story }) => {
  const straight = tell({ ...story, ends }, (below) => below - 1);
  expect(straight.state.status).toBe(ends);
  if (story.waits) expect(straight.state.undoing?.reason).toMatch(story.waits);
  else expect(straight.state.undoing?.reason ?? "").not.toMatch(/longer/);
  fc.assert(
    fc.property(fc.array(fc.nat(1_000_000), { minLength: 61, maxLength: 150 }), (seed) => {
      let next = 0;
      const told = tell({ ...story, ends }, (below) => (seed[next++ % seed.length] ?? 0) % Math.max(below, 1));
      expect(standing(told)).toEqual(standing(straight));
    }),
    { numRuns: 60, endOnFailure: true },
  );
});
