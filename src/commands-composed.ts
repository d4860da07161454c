import { objectFor, type ObjectNamespaces } from "../durable-objects/object-for.ts";
import { type CommandTarget, type Sent, sendCommand, type SentCommand } from "./commands/send-command.ts";
import { type Decider, sealContext } from "./kernel/index.ts";
import { ports } from "./ports.ts";
import { tracedObject } from "./tracing-composed.ts";
import { traced } from "./tracing/traced.ts";
import type { Sealer } from "./webhooks/seal.ts";

/** What the front door of commands is composed of. */
export interface FrontDoor {
  readonly env: ObjectNamespaces;
  readonly decider: (category: string) => Decider | undefined;
  readonly sealer: Sealer | undefined;
  readonly now: () => number;
}

/** The front door of every command. */
export function commandSender({ env, decider, sealer, now }: FrontDoor): (command: SentCommand) => Promise<Sent> {
  const reached = {
    decider,
    target: (tenant: string, stream: string) => commandTarget(env, tenant, stream),
    ports: (tenant: string, stream: string) => ports({ sealer, context: sealContext(tenant, stream) }),
    now,
  };
  return (command) => {
    const { category, id } = command;
    return traced(`command ${category} ${command.command}`, () => sendCommand(reached, command), { attributes: { "rivulet.stream": `${category}-${id}` } });
  };
}

/** An aggregate's object; what crosses RPC is data, whatever its type says. */
function commandTarget(env: ObjectNamespaces, tenant: string, stream: string): CommandTarget {
  const object = tracedObject(objectFor(env, tenant, stream), stream);
  return {
    state: async () => object.state(),
    answered: async (idempotency) => object.answered(idempotency),
    execute: async (request) => object.execute(request),
  };
}
