import { COUNT_STREAM, COUNTED } from "../counter.ts";
import type { FinalState, LogEvent } from "./final-state.ts";

/** P3 for what a handler causes: each event is counted once, in its stream's order, however often the handler ran. Gives what was counted. */
export function* checkCount(tenant: string, { histories, log }: FinalState): Generator<string, (event: LogEvent) => boolean> {
  const counts = (histories.get(`${tenant}/${COUNT_STREAM}`) ?? []).map(({ data }) => (JSON.parse(data) as { of: string }).of);
  const types = new Map((log.get(tenant) ?? []).map(({ stream, version, type }) => [`${stream}/${version}`, type]));
  const last = new Map<string, number>();
  for (const [index, of] of counts.entries()) {
    const [stream = "", text] = of.split("/");
    const version = Number(text);
    if (counts.indexOf(of) !== index) yield `${of} of ${tenant} was counted twice`;
    if (!COUNTED.includes(types.get(of) as never)) yield `${of} of ${tenant} was counted, which is ${types.get(of)}`;
    if ((last.get(stream) ?? 0) > version) yield `${of} of ${tenant} was counted after version ${last.get(stream)}`;
    last.set(stream, version);
  }
  const counted = new Set(counts);
  // What was purged is nothing to react to.
  return (event) => event.data === "" || counted.has(`${event.stream}/${event.version}`);
}
