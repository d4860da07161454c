import type { AppendRequest } from "../durable-objects/aggregate/contract.ts";
import type { AggregateObject } from "../durable-objects/aggregate.ts";
import { categoryOf } from "./kernel/index.ts";
import { timedD1 } from "./d1-deadline.ts";
import { MOST_TIME_OF_D1 } from "./log-composed.ts";
import { boundedText } from "./ports/bounded-text.ts";
import { analyticsSink } from "./tracing/analytics-sink.ts";
import { d1Sink, RETENTION } from "./tracing/d1-sink.ts";
import { otlpSink } from "./tracing/otlp-sink.ts";
import { Recorder, type TraceSink } from "./tracing/recorder.ts";
import type { Lost } from "./tracing/sink-lane.ts";
import { Sampler } from "./tracing/sampler.ts";
import { spanNow, traced, traceparentNow } from "./tracing/traced.ts";
import { Tracer } from "./tracing/tracer.ts";

/** What tracing finds among the worker's bindings and variables; without any of the sinks nothing is traced. */
export interface TracingBindings {
  readonly TELEMETRY?: D1Database;
  readonly ANALYTICS?: AnalyticsEngineDataset;
  /** How many of the new traces are kept, from 0 to 1, or `off`: 1 where left out. */
  readonly TRACE_RATE?: string;
  /** Where OTLP/HTTP goes, as `https://collector.example/v1/traces`, and its headers, as `name=value,name=value`. */
  readonly OTLP_URL?: string;
  readonly OTLP_HEADERS?: string;
}

type WaitUntil = (work: Promise<unknown>) => void;

/** Gives each invocation its tracer; all of an isolate share what gathers and what decides. `lost` is told what a sink did not get. Undefined where tracing is off. */
export function tracers(now: () => number, theFetch: typeof fetch, lost?: Lost): (env: TracingBindings, waitUntil?: WaitUntil) => Tracer | undefined {
  const recorder = new Recorder(now, lost);
  const cleaned = new Map<string, number>();
  let sampler: Sampler | undefined;
  return (env, waitUntil) => {
    if (!isOn(env)) return undefined;
    const sampling = (sampler ??= new Sampler(defaultRate(env)));
    const sinks = (): readonly TraceSink[] => [
      ...(env.TELEMETRY
        ? [d1Sink(timedD1(env.TELEMETRY, MOST_TIME_OF_D1), { now, retention: RETENTION, cleaned, learn: (tenant, rate) => sampling.learn(tenant, rate) })]
        : []),
      ...(env.ANALYTICS ? [analyticsSink(env.ANALYTICS)] : []),
      ...(env.OTLP_URL ? [otlpSink({ url: env.OTLP_URL, ...(env.OTLP_HEADERS && { headers: env.OTLP_HEADERS }), fetch: theFetch, textOf, wait })] : []),
    ];
    return new Tracer({ now, recorder, sampler: sampling, sinks }, waitUntil);
  };
}

function isOn({ TELEMETRY, ANALYTICS, OTLP_URL, TRACE_RATE }: TracingBindings): boolean {
  return TRACE_RATE !== "off" && (TELEMETRY !== undefined || ANALYTICS !== undefined || Boolean(OTLP_URL));
}

/** The deployment's rate: 1 where nothing sensible is said. */
export function defaultRate({ TRACE_RATE = "" }: Pick<TracingBindings, "TRACE_RATE">): number {
  const rate = TRACE_RATE === "" ? 1 : Number(TRACE_RATE);
  return rate >= 0 && rate <= 1 ? rate : 1;
}

/** Of an answer of a collector's. */
const MOST_OF_AN_ANSWER = 65_536;

function textOf(answer: Response): Promise<string | undefined> {
  return boundedText(answer, MOST_OF_AN_ANSWER);
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** An append to a stream, a span of the caller where something is traced; its object is told who calls. */
export function tracedAppend<Answer>(stream: string, request: AppendRequest, append: (told: AppendRequest) => Promise<Answer>): Promise<Answer> {
  if (spanNow() === undefined) return append(request);
  return traced("object append", () => append({ ...request, trace: traceparentNow("") }), callOf(stream, "append"));
}

/** The object, each call of it a span of the caller where something is traced; what writes is told who calls. */
export function tracedObject(object: DurableObjectStub<AggregateObject>, stream: string): DurableObjectStub<AggregateObject> {
  if (spanNow() === undefined) return object;
  return new Proxy(object, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== "function" || typeof name !== "string") return method;
      if (name === "fetch") return method.bind(target) as unknown;
      return (...given: readonly unknown[]) =>
        traced(
          `object ${name}`,
          () => {
            const [first, ...rest] = given;
            const told = name === "append" || name === "execute" ? [{ ...(first as AppendRequest), trace: traceparentNow(undefined) }, ...rest] : given;
            return (Reflect.apply(method, target, told) as Promise<unknown>).then((answer) => answer);
          },
          callOf(stream, name),
        );
    },
  });
}

function callOf(stream: string, method: string) {
  return { kind: "client", attributes: { "rpc.system": "cloudflare.rpc", "rpc.service": `aggregate:${categoryOf(stream)}`, "rpc.method": method } } as const;
}
