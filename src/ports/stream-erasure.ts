import type { Closed, CloseRequest, Refusal } from "../../durable-objects/aggregate/contract.ts";
import type { Erasure } from "../flows/index.ts";

/** A stream's object, as far as it is emptied here. */
export interface ClosableStream {
  close(request: CloseRequest): Promise<Closed | Refusal>;
}

/** Empties streams of one tenant's, in the name of the handler that follows a purge. */
export function streamErasure(open: (stream: string) => ClosableStream): Erasure {
  return {
    async purge(stream, because) {
      const metadata = { ...because, priority: "normal", actor: "handler:purged-users" } as const;
      const closed = await open(stream).close({ purge: true, precondition: { kind: "none" }, source: "/handlers/purged-users", metadata });
      if (!closed.ok) throw new Error(`expected ${stream} to be purged, got ${closed.code}`);
    },
  };
}
