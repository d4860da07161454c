import { compileFilter } from "../../followers/filter/compile-filter.ts";
import { headersFault } from "../../followers/sink/headers.ts";
import { secretFault } from "../../followers/sink/secrets.ts";
import { pathText, targetFault } from "../../kernel/index.ts";
import type { InputError } from "../problem.ts";
import type { SubscriptionInput } from "./input.ts";

type Checked = Pick<SubscriptionInput, "sink" | "retry"> & { readonly filter?: unknown };

/** What is wrong with settings beyond their shape: filter, sink, retry. Each with its place. */
export function settingsFaults({ filter, sink, retry }: Checked, { allowLocal }: { readonly allowLocal: boolean }): readonly InputError[] {
  const errors = [...filterFaults(filter), ...sinkFaults(sink, allowLocal)];
  if (retry.maxDelayMs < retry.minDelayMs)
    errors.push({ path: "retry.maxDelayMs", message: `Expected no less than retry.minDelayMs, which is ${retry.minDelayMs}, got ${retry.maxDelayMs}` });
  return errors;
}

function filterFaults(filter: unknown): readonly InputError[] {
  if (filter === undefined) return [];
  const compiled = compileFilter(filter);
  return compiled.ok ? [] : compiled.faults.map(({ path, message }) => ({ path: pathText(["filter", ...path]), message }));
}

function sinkFaults({ url, secret, headers, pull }: SubscriptionInput["sink"], allowLocal: boolean): readonly InputError[] {
  if (pull === true) {
    const others = Object.entries({ url, secret, headers }).filter(([, value]) => value !== undefined);
    return others.map(([name]) => ({ path: `sink.${name}`, message: "Expected nothing beside pull: who pulls is not called" }));
  }
  if (url === undefined) return [{ path: "sink", message: "Expected url, which is called, or pull: true" }];
  const found: readonly (readonly [string, string | undefined])[] = [
    ["sink.url", targetFault(url, { allowLocal })],
    ["sink.secret", secret === undefined ? undefined : secretFault(secret)],
    ["sink.headers", headers === undefined ? undefined : headersFault(headers)],
  ];
  return found.flatMap(([path, message]) => (message === undefined ? [] : [{ path, message }]));
}
