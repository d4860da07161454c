import type { Tracer } from "../tracing/tracer.ts";
import type { LoggedPage, LogHead, RecordedEvent, StreamHead } from "../kernel/index.ts";
import type { TenantEvent } from "./commit-events.ts";

/** Who counts what a projector does. */
export interface ProjectorObserver {
  /** A message of so many bytes. */
  received(tenant: string, bytes: number): void;
  /** These events are in the log now, each once. */
  written(events: readonly TenantEvent[], rowsWritten: number): void;
  forked(tenant: string): void;
  /** A stream's end could not be brought into the log; it will be tried again. */
  late(tenant: string): void;
}

/** What a projector reaches beyond the log. */
export interface ProjectorPorts {
  /** The events after a version, from the stream's object: at least one where there are any. */
  eventsAfter(
    tenant: string,
    stream: string,
    after: number,
    maxCharacters: number,
  ): Promise<{ readonly head: StreamHead; readonly events: readonly RecordedEvent[] }>;
  /**
   * "The tenant's log is here": called once per tenant after the log was looked at, also where everything was a repeat. With what this run
   * has written up to there, page behind page, if that is not too long.
   */
  followed(tenant: string, head: LogHead, pages: readonly LoggedPage[]): Promise<void>;
  /** The tenant is deleted, and this stream has told of something: its object forgets it. */
  forget(tenant: string, stream: string): Promise<void>;
  /** Undefined where tracing is off. */
  readonly tracer?: Tracer | undefined;
  readonly observer?: ProjectorObserver;
}

/** How a projection went. */
export interface Projected {
  /** `tenant/stream` of what could not be brought up to its hint; to be tried again. */
  readonly failed: ReadonlySet<string>;
  readonly rowsWritten: number;
  readonly statements: number;
  readonly peakHeld: number;
}
