import { orderFulfilment } from "../../../src/domains/commerce/index.ts";
import { tenantProvisioning } from "../../../src/domains/platform/index.ts";
import { subtitleJob } from "../../../src/domains/subtitles/index.ts";
import { videoBatch } from "../../../src/domains/video/index.ts";
import { userOnboarding } from "../../../src/flows/index.ts";
import type { Saga } from "../../../src/kernel/index.ts";
import { eventsOnDisk } from "../kills/disk.ts";

/** The five sagas. */
export const SAGAS: readonly Saga[] = [orderFulfilment, userOnboarding, tenantProvisioning, subtitleJob, videoBatch];

/** Steps that have something to undo, and what is sent when all is undone. */
const UNDONE: readonly string[] = [
  "order-fulfilment: undoing payment",
  "order-fulfilment: undoing reserve",
  "order-fulfilment: undoing (afterwards)",
  "user-onboarding: undoing role",
  "user-onboarding: undoing profile",
  "user-onboarding: undoing (afterwards)",
  "tenant-provisioning: undoing (afterwards)",
  "subtitle-job: undoing (afterwards)",
  "video-batch: undoing jobs",
  "video-batch: undoing (afterwards)",
];

/** Every step of every saga, forth and back: at each of them a server is to be killed. */
export const MOMENTS: readonly string[] = [
  ...SAGAS.flatMap(({ name, groups }) => groups.flat().map((step) => momentOf(name, step.name, "running"))),
  ...UNDONE,
];

/** A saga's step under way. */
export function momentOf(saga: string, step: string, state: string): string {
  return `${saga}: ${state} ${step}`;
}

/** The steps that were under way when a server was killed, as the instances' own files say: each with how many instances stood there, of those that did something since. */
export async function momentsOnDisk(stateDir: string, since: number): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const [stream, events] of await eventsOnDisk(stateDir, "saga_", since)) {
    const saga = SAGAS.find(({ category }) => stream.startsWith(`${category}-`));
    for (const [step, state] of underWay(events)) {
      const moment = momentOf(saga?.name ?? "none", step, state);
      counts.set(moment, (counts.get(moment) ?? 0) + 1);
    }
  }
  return counts;
}

type Told = { readonly type: string; readonly data: { readonly step?: string } };

function underWay(events: readonly Told[]): ReadonlyMap<string, string> {
  const steps = new Map<string, string>();
  for (const { type, data } of events) {
    const step = data.step ?? "";
    if (type === "saga.StepStarted") steps.set(step, "running");
    if (type === "saga.StepUndoing") steps.set(step, "undoing");
    if (type === "saga.StepDone" || type === "saga.StepFailed" || type === "saga.StepSkipped" || type === "saga.StepUndone") steps.delete(step);
  }
  return steps;
}
