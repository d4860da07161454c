import type { StateShown } from "../../../durable-objects/aggregate/contract.ts";
import type { NewFact, Saga, SagaFact } from "../../kernel/index.ts";
import { sagaDecider } from "../../sagas/saga-decider.ts";
import type { SagaState } from "../../sagas/state.ts";
import { sequenceOf, storyOf, type TelledEvent } from "../../sagas/story.ts";
import type { Services } from "../services.ts";

/** Events of an instance that its story is told from, at most. */
const MOST_TOLD = 1_000;

/** An instance as its aggregate knows it now; undefined where nothing began it. */
export async function sagaInstance(
  services: Services,
  tenant: string,
  saga: Saga,
  id: string,
): Promise<{ readonly state: SagaState; readonly version: number } | undefined> {
  const found: StateShown = await services.objectFor(tenant, `${saga.category}-${id}`).shown();
  if (found.kind !== "found") return undefined;
  const state = JSON.parse(found.state) as SagaState;
  return state.status === "waiting" ? undefined : { state, version: found.version };
}

/** An instance as the API shows it. */
export function shownInstance(saga: Saga, id: string, { status, version, data, startedAt, endedAt, deadline, steps, undoing, stuck }: SagaState) {
  const reason = stuck?.reason ?? undoing?.reason;
  return {
    name: saga.name,
    id,
    version,
    state: status,
    startedAt: startedAt ?? "",
    ...(endedAt !== undefined && { endedAt }),
    ...(reason !== undefined && { reason }),
    data,
    steps: Object.entries(steps).map(([name, step]) => ({
      name,
      state: stuck?.step === name ? "stuck" : step.state,
      attempts: step.failures + step.calls.filter(({ state }) => state === "done").length,
      round: step.round,
      startedAt: step.startedAt,
      ...(step.endedAt !== undefined && { endedAt: step.endedAt }),
      ...(step.deadline !== undefined && { deadline: step.deadline }),
      ...(step.reason !== undefined && { reason: step.reason }),
      calls: step.calls.map(({ command, state, failures, due, error }) => ({
        ...(command !== undefined && { command: { category: command.category, id: command.id, command: command.command } }),
        state,
        failures,
        ...(state === "due" && { due }),
        ...(error !== undefined && { error }),
      })),
    })),
    deadlines: [
      ...(status === "running" && deadline !== undefined ? [{ name: saga.name, at: deadline }] : []),
      ...Object.entries(steps).flatMap(([name, step]) =>
        status === "running" && step.state === "running" && step.deadline !== undefined ? [{ name, at: step.deadline }] : [],
      ),
    ],
  };
}

/** The story of an instance: a timeline with the state's change at each step, and a Mermaid sequence. Of its first 1,000 events. */
export async function sagaStory(services: Services, tenant: string, saga: Saga, id: string) {
  const page = await services.objectFor(tenant, `${saga.category}-${id}`).read({ from: 1, limit: MOST_TOLD, direction: "forward", maxBytes: 8_000_000 });
  const events = JSON.parse(`[${new TextDecoder().decode(page.items)}]`) as readonly (TelledEvent["event"] & Pick<NewFact, "schemaVersion">)[];
  const decider = sagaDecider(saga);
  let state = decider.initialState() as SagaState;
  const told = events.map((event): TelledEvent => {
    if (event.data !== undefined) state = decider.evolve(state, event) as SagaState;
    return { event, after: state };
  });
  const facts = events.flatMap(({ type, data }) => (type === "saga.EventReceived" ? [(data as { fact: SagaFact }).fact] : []));
  return { timeline: storyOf(told), mermaid: sequenceOf(saga.name, { ...state, facts }, state.status) };
}
