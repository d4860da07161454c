import { type CommandToSend, type Handler, type HandlerContext, type LoggedEvent, type Outcome, PURGED } from "../kernel/index.ts";

/** What became of a command that a handler has sent. */
export type CommandOutcome =
  | { readonly ok: true }
  /** `isNo`: the aggregate has decided against it, or takes nothing any more; trying again would change nothing. */
  | { readonly ok: false; readonly isNo: boolean; readonly detail: string };

/** What running a handler reaches. */
export interface HandlerRun {
  readonly context: Omit<HandlerContext, "signal">;
  /** Sends a command in at the front door; `index` tells the commands of one event apart. */
  send(command: CommandToSend, index: number): Promise<CommandOutcome>;
}

/**
 * One attempt at an event: the handler, then the commands it returned, one after the other. Never rejects, and ends within the
 * handler's time. A command that is decided against is an answer, not a failure; what cannot be sent at all comes again.
 */
export async function runHandler(handler: Handler, event: LoggedEvent, { context, send }: HandlerRun): Promise<Outcome> {
  // What is gone is nothing to react to.
  if (event.data === PURGED) return { kind: "delivered" };
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => {
      abort.abort();
      resolve({ kind: "failed", error: `It took longer than ${handler.timeoutMs} ms.` });
    }, handler.timeoutMs);
  });
  const work = handle(handler, event, { context: { ...context, signal: abort.signal }, send });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function handle(
  handler: Handler,
  event: LoggedEvent,
  { context, send }: { readonly context: HandlerContext; readonly send: HandlerRun["send"] },
): Promise<Outcome> {
  try {
    const commands = await handler.handle(event, context);
    const noes: string[] = [];
    for (const [index, command] of commands.entries()) {
      if (context.signal.aborted) return { kind: "failed", error: "Its time was over." };
      const outcome = await send(command, index);
      if (!outcome.ok && !outcome.isNo) return { kind: "failed", error: `${command.category} ${command.command}: ${outcome.detail}` };
      if (!outcome.ok) noes.push(`${command.category} ${command.command}: ${outcome.detail}`);
    }
    return { kind: "delivered", ...(noes.length > 0 && { body: noes.join("; ") }) };
  } catch (fault) {
    return { kind: "failed", error: fault instanceof Error ? fault.message : String(fault) };
  }
}
