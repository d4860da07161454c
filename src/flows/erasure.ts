import { definePort, type EventMetadata } from "../kernel/index.ts";

/** What a purge is done because of: who began it, and by which event. */
export type Because = Pick<EventMetadata, "correlationId" | "causationId" | "traceparent">;

/** Whoever empties streams. */
export interface Erasure {
  /** Purges a stream, as `DELETE` with `purge=true` does. One that is purged already, or that there is not, stays as it is. Throws where it cannot now. */
  purge(stream: string, because: Because): Promise<void>;
}

/** The emptying of streams as handlers reach it. */
export const erasure = definePort<Erasure>("flows/erasure");
