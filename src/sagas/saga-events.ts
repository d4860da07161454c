import { z } from "zod";
import { defineEvents } from "../kernel/index.ts";

const step = z.string();
const reason = z.string();
const command = z.object({ category: z.string(), id: z.string(), command: z.string(), data: z.unknown(), accepts: z.array(z.string()).optional() });
const sent = z.object({
  step,
  /** 1, 2, 3…: a retry by hand is a new round. */
  round: z.int(),
  commands: z.array(command),
  /** It calls a service beyond the platform, too. */
  hasCall: z.boolean(),
  at: z.string(),
});

/** What happens in every saga's stream. Times are RFC 3339 UTC with milliseconds; a call is a command of a step, by its index, or its call beyond (-1). */
export const sagaEvents = defineEvents("saga", {
  Started: z.object({ saga: z.string(), version: z.int(), data: z.unknown(), at: z.string(), deadline: z.string().optional() }),
  EventReceived: z.object({
    key: z.string(),
    fact: z.object({ type: z.string(), data: z.unknown(), id: z.string(), stream: z.string(), tenant: z.string(), recorded: z.string() }),
  }),
  StepStarted: sent.extend({ deadline: z.string().optional() }),
  /** A fact led to commands; `followed`: how many facts the step has followed up, in the order in which they came. */
  CommandsAdded: z.object({ step, followed: z.int(), commands: z.array(command), at: z.string() }),
  /** `learned`: what a call beyond has found out, by the fields of what the instance knows. `accepted`: the code of the no that its command accepts. */
  CallDone: z.object({ step, call: z.int(), learned: z.record(z.string(), z.unknown()).optional(), accepted: z.string().optional() }),
  /** `due`: when it is tried again; without it never: it was rejected, or its attempts are over. `durationMs`: what the attempt took. */
  CallFailed: z.object({
    step,
    call: z.int(),
    error: z.string(),
    due: z.string().optional(),
    isRejected: z.boolean().optional(),
    durationMs: z.int().min(0).optional(),
  }),
  StepDone: z.object({ step, at: z.string() }),
  StepSkipped: z.object({ step, reason: reason.optional() }),
  StepFailed: z.object({ step, reason, at: z.string() }),
  /** From here on it undoes what it has done. */
  UndoingStarted: z.object({ reason, cause: z.enum(["failure", "deadline", "cancelled"]), at: z.string() }),
  StepUndoing: sent,
  StepUndone: z.object({ step, at: z.string() }),
  /** A step's attempts are over: it waits for somebody to retry it, skip it, or cancel the whole. */
  Stuck: z.object({ step, reason, at: z.string() }),
  StepRetried: z.object({ step, round: z.int(), at: z.string() }),
  Completed: z.object({ at: z.string() }),
  Compensated: z.object({ reason, at: z.string() }),
  Cancelled: z.object({ reason, at: z.string() }),
});
