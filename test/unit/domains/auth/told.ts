import { account, type AccountState } from "../../../../src/domains/auth/index.ts";
import { type Command, isRejection, type NewFact, type Ports, type Rejection } from "../../../../src/kernel/index.ts";

/** What came of a command. */
export interface Told {
  readonly events: readonly NewFact[];
  readonly rejection: Rejection | undefined;
  readonly shownOnce: Readonly<Record<string, unknown>> | undefined;
  /** As the aggregate holds it, and as it shows it. */
  readonly state: AccountState;
  readonly shown: unknown;
}

/** One account that is told commands the way the platform does it: the data checked, prepared, decided, folded, with states that went through JSON. */
export function accountWith(ports: Ports, id = "u1"): (name: string, data: object, now: string) => Promise<Told> {
  let state = account.initialState() as AccountState;
  return async (name, data, now) => {
    const context = { now, id, ports };
    const bare: Command = { name, data: account.commands[name]?.parse(data) };
    const command: Command = { ...bare, found: await account.prepare(bare, state, context) };
    const decision = account.decide(command, state, { now, id });
    const events = isRejection(decision) ? [] : decision;
    state = JSON.parse(JSON.stringify(events.reduce<unknown>((state, event) => account.evolve(state, event), state))) as AccountState;
    return {
      events,
      rejection: isRejection(decision) ? decision : undefined,
      shownOnce: isRejection(decision) ? undefined : account.showOnce(command),
      state,
      shown: account.show(state),
    };
  };
}

/** The types of what happened, or the code of the rejection. */
export function outcome({ events, rejection }: Told): string | readonly string[] {
  return rejection ? rejection.code : events.map(({ type }) => type);
}
