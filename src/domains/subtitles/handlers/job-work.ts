import { z } from "zod";
import { type CommandToSend, commandTo, type HandlerContext } from "../../../kernel/index.ts";
import { downloadRequest, jobStatus, subtitle } from "../subtitle.ts";

/** How often a worker tries before the job has failed, and how long it waits between (milliseconds). */
export const WORKER_RETRY = { maxAttempts: 5, minDelayMs: 1_000, maxDelayMs: 60_000 };

const job = z.object({ status: jobStatus, request: downloadRequest, fromLanguage: z.string().optional() });
type Job = z.output<typeof job>;

/** A job as it stands; undefined where it is not what the worker waits for: then it was done already, or failed. */
export async function jobIn(status: Job["status"], id: string, context: HandlerContext): Promise<Job | undefined> {
  const { state } = await context.state(subtitle.category, id);
  const known = job.safeParse(state);
  return known.success && known.data.status === status ? known.data : undefined;
}

/** The job's end, with the reason in a sentence. */
export function failing(id: string, stage: string, reason: string): CommandToSend {
  return commandTo(subtitle, id, "FailJob", { reason: reason.slice(0, 2_000), stage });
}

/** Whether what fails now is tried again. */
export function isTriedAgain({ attempt }: Pick<HandlerContext, "attempt">): boolean {
  return attempt < WORKER_RETRY.maxAttempts;
}

/** Does work that may throw. After the last attempt the job has failed, and says why: nobody waits for it for ever. */
export async function attempted(
  context: HandlerContext,
  otherwise: CommandToSend,
  work: () => Promise<readonly CommandToSend[]>,
): Promise<readonly CommandToSend[]> {
  try {
    return await work();
  } catch (fault) {
    if (isTriedAgain(context)) throw fault;
    return [otherwise];
  }
}
