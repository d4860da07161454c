import { DurableObject } from "cloudflare:workers";
import { forgetAll } from "./forget-all.ts";

/** One step of deleting a tenant. */
export interface EraseStep {
  readonly name: string;
  /** What its progress is counted as; left out where it is not. */
  readonly counts?: "streams" | "events";
  /** Does a page of it, after a cursor (its own form; undefined at the beginning). Done again it changes nothing. `next` left out: it is through. */
  page(tenant: string, after: string | undefined): Promise<{ readonly count: number; readonly next?: string }>;
}

/** How far a deletion is. */
export interface Erasing {
  readonly step: string;
  readonly streams: number;
  readonly events: number;
}

/** What the job reaches beyond itself. */
export interface EraserPorts {
  /** In their order; a job goes on with the step whose name it has kept. */
  readonly steps: readonly EraseStep[];
  isDeleting(tenant: string): Promise<boolean>;
  /** It is through: the tenant's aggregate hears of it. */
  finish(tenant: string, counts: Pick<Erasing, "streams" | "events">): Promise<void>;
  now(): number;
}

interface Job extends Erasing {
  readonly after?: string;
  readonly failures: number;
}

const JOB = "job";
/** The step behind the last one. */
const END = "end";
/** Pages that one alarm does. */
const PAGES = 100;
/** How long (milliseconds) a job that was prepared waits to be begun, and an alarm that is lost to come again. */
const UNSAID = 60_000;
/** The first pause after a fault, and the longest. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 300_000;

/**
 * Deletes what a tenant has: one object for each tenant, with a cursor and an alarm on disk, so it goes on wherever it was lost. Each page
 * may be done twice.
 */
export abstract class EraserObject<Env = unknown> extends DurableObject<Env> {
  readonly #ports: EraserPorts;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#ports = this.ports(env);
  }

  /** What this object is composed of; called once, from the constructor. */
  protected abstract ports(env: Env): EraserPorts;

  /** The tenant is about to be deleted: whoever says so may be gone before it says that it is, so the job looks for itself in a minute. */
  async prepare(): Promise<void> {
    this.#keep(this.#job ?? this.#fresh());
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(this.#ports.now() + UNSAID);
  }

  /** The tenant is deleted: the job begins, or goes on at once. */
  async begin(): Promise<void> {
    this.#keep(this.#job ?? this.#fresh());
    await this.ctx.storage.setAlarm(this.#ports.now());
  }

  /** How far it is; undefined where there is nothing to do (any more). */
  progress(): Erasing | undefined {
    const job = this.#job;
    return job && { step: job.step, streams: job.streams, events: job.events };
  }

  override async alarm(): Promise<void> {
    let job = this.#job;
    if (job === undefined) return;
    // Should this be lost on the way, it comes again.
    await this.ctx.storage.setAlarm(this.#ports.now() + UNSAID);
    const tenant = this.ctx.id.name ?? "";
    try {
      if (!(await this.#ports.isDeleting(tenant))) return await forgetAll(this.ctx);
      for (let pages = 0; pages < PAGES; pages++) {
        const next = await this.#page(tenant, job);
        if (next === undefined) {
          await this.#ports.finish(tenant, { streams: job.streams, events: job.events });
          return await forgetAll(this.ctx);
        }
        this.#keep((job = next));
      }
      await this.ctx.storage.setAlarm(this.#ports.now());
    } catch (fault) {
      console.warn("eraser: will go on later", tenant, job.step, String(fault));
      this.#keep({ ...job, failures: job.failures + 1 });
      await this.ctx.storage.setAlarm(this.#ports.now() + Math.min(FIRST_PAUSE * 2 ** job.failures, LONGEST_PAUSE));
    }
  }

  /** One page; gives the job as it is then, or undefined behind the last step. */
  async #page(tenant: string, job: Job): Promise<Job | undefined> {
    const { steps } = this.#ports;
    if (job.step === END) return undefined;
    const at = steps.findIndex(({ name }) => name === job.step);
    const step = steps[at];
    // Other code has begun it, and what it has done is not known: each page may be done twice.
    if (step === undefined) return this.#fresh();
    const { count, next } = await step.page(tenant, job.after);
    const { after: _, ...others } = job;
    const counted = { ...others, failures: 0, ...(step.counts !== undefined && { [step.counts]: job[step.counts] + count }) };
    return next === undefined ? { ...counted, step: steps[at + 1]?.name ?? END } : { ...counted, after: next };
  }

  get #job(): Job | undefined {
    return this.ctx.storage.kv.get<Job>(JOB);
  }

  #fresh(): Job {
    return { step: this.#ports.steps[0]?.name ?? END, streams: 0, events: 0, failures: 0 };
  }

  #keep(job: Job): void {
    this.ctx.storage.kv.put(JOB, job);
  }
}
