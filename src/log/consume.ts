import { type Hint, unpackHint } from "../kernel/index.ts";
import { project } from "./project.ts";
import type { ProjectorPorts } from "./projector.ts";
import { streamKey } from "./stream-key.ts";

/**
 * The queue's consumer: projects a batch of hints. A message whose stream could not be brought up is tried again, the others are
 * done; one message's failure never fails its batch. A form that this code does not know is left for code that does.
 */
export async function consume(db: D1Database, batch: MessageBatch<unknown>, ports: ProjectorPorts): Promise<void> {
  const hints: Hint[] = [];
  const messages = new Map<string, Message[]>();
  for (const message of batch.messages) {
    const hint = typeof message.body === "string" ? unpackHint(message.body) : undefined;
    if (hint === undefined) {
      console.warn("projector: a message of an unknown form is left alone", message.id);
      message.retry({ delaySeconds: 60 });
      continue;
    }
    hints.push(hint);
    ports.observer?.received(hint.tenant, (message.body as string).length);
    messages.set(streamKey(hint), [...(messages.get(streamKey(hint)) ?? []), message]);
  }
  if (hints.length === 0) return;
  let failed: ReadonlySet<string>;
  try {
    ({ failed } = await project(db, hints, ports));
  } catch (fault) {
    console.warn("projector: the batch will be tried again", String(fault));
    failed = new Set(messages.keys());
  }
  for (const [stream, own] of messages) {
    for (const message of own) {
      if (failed.has(stream)) message.retry();
      else message.ack();
    }
  }
}
