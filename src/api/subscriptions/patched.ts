import { partitionsOf } from "../../../durable-objects/follower/contract.ts";
import type { SubscriptionSettings } from "../../followers/subscription.ts";
import { pathText } from "../../kernel/index.ts";
import type { InputError } from "../problem.ts";
import { type SubscriptionInput, subscriptionInput, type SubscriptionPatch } from "./input.ts";

type Patched = { readonly ok: true; readonly input: SubscriptionInput } | { readonly ok: false; readonly errors: readonly InputError[] };

/** A subscription as a client would write it with this change made (RFC 7396), and whether it still is one. `headers` are the sink's, opened. */
export function patchedInput(settings: SubscriptionSettings, headers: Readonly<Record<string, string>>, patch: SubscriptionPatch): Patched {
  const { sink, ...others } = settings;
  const errors = keptFaults(settings, patch);
  if (errors.length > 0) return { ok: false, errors };
  const written = { ...others, sink: sink.kind === "pull" ? { pull: true } : { url: sink.url, ...(Object.keys(headers).length > 0 && { headers }) } };
  const parsed = subscriptionInput.safeParse(merged(written, patch));
  if (!parsed.success) return { ok: false, errors: parsed.error.issues.map(({ path, message }) => ({ path: pathText(path), message })) };
  const partitions = partitionsOf(settings);
  // Those who pull are served by one object, however many they are.
  if (sink.kind === "pull" || partitionsOf(parsed.data) === partitions) return { ok: true, input: parsed.data };
  return { ok: false, errors: [{ path: "concurrency", message: concurrencyMessage(partitions, parsed.data.concurrency) }] };
}

/** What a change cannot touch. */
function keptFaults({ sink }: SubscriptionSettings, patch: SubscriptionPatch): readonly InputError[] {
  if (sink.kind === "push" && patch.sink?.pull === true)
    return [{ path: "sink.pull", message: "Expected the sink to stay a URL: one who pulls needs a subscription of its own" }];
  if (sink.kind === "pull" && patch.sink?.url !== undefined)
    return [{ path: "sink.url", message: "Expected the sink to stay pull: a URL needs a subscription of its own" }];
  return [];
}

/** A partition has six deliveries open at a time, and each stream belongs to one of them for good. */
function concurrencyMessage(partitions: number, got: number): string {
  const most = partitions * 6;
  return `Expected ${most - 5} to ${most}, got ${got}: the subscription was made with ${partitions} ${partitions === 1 ? "part" : "parts"} of 6 deliveries each, which share out the streams for good; make another one for more or less`;
}

/** RFC 7396, section 2: null removes, objects merge, all else replaces. A filter is one value: its parts are not names of ours. */
function merged(target: unknown, patch: unknown, name = ""): unknown {
  if (!isObject(patch) || name === "filter") return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = merged(result[key], value, key);
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
