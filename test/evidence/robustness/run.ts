import type { Case } from "./cases.ts";
import type { Answer } from "./client.ts";
import { Client } from "./client.ts";
import { Findings } from "./findings.ts";
import type { Judge } from "./judge.ts";
import { traceOf } from "./log-watch.ts";
import { atOnce } from "./pool.ts";

/** Requests in flight at once. */
export const AT_ONCE = 8;

/** Sends cases, has their answers judged, and keeps count. */
export class Run {
  readonly client: Client;
  readonly findings = new Findings();
  readonly byStatus = new Map<string, number>();
  readonly byKind = new Map<string, number>();
  /** How many requests each operation took. */
  readonly taken = new Map<string, number>();
  /** Traces of the requests that were refused, with the requests. */
  readonly refused = new Map<string, Case>();
  /** Tenants that something was asked for. */
  readonly tenants = new Set(["default"]);
  readonly #url: string;
  readonly #judge: Judge;

  constructor(url: string, judge: Judge) {
    this.#url = url;
    this.#judge = judge;
    this.client = new Client(url, AT_ONCE);
  }

  /** Sends each of them and judges its answer. */
  async all(kind: string, cases: Iterable<Case>): Promise<void> {
    await atOnce(cases, AT_ONCE, (asked) => this.one(kind, asked));
  }

  async one(kind: string, asked: Case): Promise<void> {
    this.byKind.set(kind, (this.byKind.get(kind) ?? 0) + 1);
    try {
      const answer = await this.client.send(asked.request);
      this.note(asked, answer);
      for (const fault of this.#judge.faults(asked, answer)) this.findings.add(asked, fault, this.#url);
    } catch (fault) {
      this.findings.add(asked, `got no answer: ${String(fault)}`, this.#url);
    }
  }

  /** Counts an answer, and remembers what was refused. */
  note(asked: Case, { status, headers }: Answer): void {
    const statusClass = `${Math.floor(status / 100)}xx`;
    this.byStatus.set(statusClass, (this.byStatus.get(statusClass) ?? 0) + 1);
    const tenant = asked.request.headers["tenant-id"];
    if (status < 400) this.taken.set(asked.operation.id, (this.taken.get(asked.operation.id) ?? 0) + 1);
    if (tenant !== undefined && status !== 400 && status !== 401) this.tenants.add(tenant);
    const trace = traceOf(headers["traceresponse"]);
    // A trace that the client chose may be another request's as well.
    if (status >= 400 && status < 500 && trace !== undefined && asked.request.headers["traceparent"] === undefined) this.refused.set(trace, asked);
  }

  fault(asked: Pick<Case, "request" | "why"> & { readonly operation: { readonly id: string } }, fault: string): void {
    this.findings.add(asked, fault, this.#url);
  }

  close(): void {
    this.client.close();
  }
}
