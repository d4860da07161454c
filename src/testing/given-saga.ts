import assert from "node:assert/strict";
import {
  type CommandToSend,
  type Decider,
  type DueCall,
  type ErasedStep,
  isRejection,
  type NewFact,
  NO_CODE_TRACING,
  type PortToken,
  type Saga,
  type SagaLesson,
} from "../kernel/index.ts";
import { dueWork } from "../sagas/due-work.ts";
import { again, type Performed, saidOutcome, sentOutcome } from "../sagas/perform-call.ts";
import { definitionFor, factKey, sagaDecider } from "../sagas/saga-decider.ts";
import { NOT_BEGUN, type SagaState, type SagaStatus, type StepState } from "../sagas/state.ts";
import type { StandIn } from "./given-handler.ts";
import { type Happened, logged } from "./given-projection.ts";

/**
 * What comes back for a command, or from a call beyond. `rejected`: a no, by its code (of a call beyond: its reason). `failed`: it could
 * not be done now. `learned`: what a call beyond has found out.
 */
export type Answer = "done" | { readonly rejected: string } | { readonly failed: string } | SagaLesson;

/** Where somebody has seen an instance stuck: in which step, and since when (RFC 3339). */
export interface SeenStuck {
  readonly step?: string;
  readonly at?: string;
}

/** An instance of a saga, and what it made of all that came. Each expectation throws an AssertionError where it does not hold. */
export interface GivenSaga {
  /** It is this time now (RFC 3339 UTC; 2026-01-01T00:00:00.000Z at first); every deadline on the way is noticed at its time. */
  at(now: string): GivenSaga;
  /** So many milliseconds later. */
  after(ms: number): GivenSaga;
  /** These events come. An event that came already is one of the same place in its stream: `thenOnce` tells them again. */
  when(...events: readonly Happened[]): GivenSaga;
  /** Somebody starts it by hand. */
  started(data: unknown): GivenSaga;
  /** This comes back for what the step wants done now: for all of it, or for one call of it, counted from 0 (-1: the call beyond). */
  answers(step: string, answer: Answer, call?: number): GivenSaga;
  /** Makes the step's call beyond, to what stands behind its ports: what to answer the step with. */
  asks(step: string, ...ports: readonly StandIn[]): Promise<Answer>;
  /** Somebody retries the step that is stuck, skips it, or cancels the whole. */
  retried(where?: SeenStuck): GivenSaga;
  skipped(reason: string, where?: SeenStuck): GivenSaga;
  cancelled(reason: string): GivenSaga;
  /** Other code goes on with the instance: that of a newer version, say. */
  under(saga: Saga): GivenSaga;

  /** Exactly these commands are to be sent now, or are under way, in this order; none where nothing is given. */
  then(...commands: readonly CommandToSend[]): GivenSaga;
  /** Exactly these steps want their call beyond made now. */
  thenAsks(...steps: readonly string[]): GivenSaga;
  thenStatus(status: SagaStatus): GivenSaga;
  /** Each step that has begun or was left out, and how it stands. */
  thenSteps(steps: Readonly<Record<string, StepState["state"]>>): GivenSaga;
  thenData(data: unknown): GivenSaga;
  /** Why it undoes itself, or is stuck. */
  thenBecause(reason: RegExp): GivenSaga;
  /** Time alone moves it next in so many milliseconds: by a deadline, or since it tries something again. */
  thenWaits(ms: number | "for ever"): GivenSaga;
  /** The law of every saga: all that came, told again, decides nothing. */
  thenOnce(): GivenSaga;
}

interface Input {
  readonly name: string;
  readonly data: unknown;
}

/** All that is known of an instance under test. */
interface Standing {
  readonly saga: Saga;
  readonly now: string;
  readonly state: SagaState;
  readonly id: string | undefined;
  readonly events: readonly Happened[];
  readonly told: readonly Input[];
}

/** `givenSaga(fulfilment).when(happened(…)).then(commandTo(…)).answers("reserve", "done").after(900_000).thenStatus("compensated")`: a saga's test, whatever runs it. */
export function givenSaga(saga: Saga): GivenSaga {
  return build({ saga, now: "2026-01-01T00:00:00.000Z", state: NOT_BEGUN, id: undefined, events: [], told: [] });
}

function build(standing: Standing): GivenSaga {
  const { now, state } = standing;
  const expecting = (expectation: () => void): GivenSaga => {
    expectation();
    return self;
  };
  const self: GivenSaga = {
    at: (time) => build(moved(standing, time)),
    after: (ms) => build(moved(standing, new Date(Date.parse(now) + ms).toISOString())),
    when: (...events) => build(events.reduce(received, standing)),
    started: (data) => build(tell(standing, { name: "Start", data: { data } })),
    answers: (step, answer, call) => build(answered(standing, step, { answer, call })),
    asks: (step, ...ports) => asked(standing, step, ports),
    retried: (where = {}) => build(tell(standing, { name: "Retry", data: where })),
    skipped: (reason, where = {}) => build(tell(standing, { name: "Skip", data: { reason, ...where } })),
    cancelled: (reason) => build(tell(standing, { name: "Cancel", data: { reason } })),
    under: (other) => build(tell({ ...standing, saga: other }, { name: "Tick", data: {} })),
    then: (...commands) => expecting(() => assert.deepEqual(commandsOf(standing), commands.map(plain))),
    thenAsks: (...steps) =>
      expecting(() =>
        assert.deepEqual(
          dueNow(standing).flatMap(({ step, command }) => (command ? [] : [step])),
          steps,
        ),
      ),
    thenStatus: (status) => expecting(() => assert.equal(state.status, status, `expected it to be ${status}, got ${JSON.stringify(state, undefined, 2)}`)),
    thenSteps: (steps) => expecting(() => assert.deepEqual(Object.fromEntries(Object.entries(state.steps).map(([name, step]) => [name, step.state])), steps)),
    thenData: (data) => expecting(() => assert.deepEqual(state.data, data)),
    thenBecause: (reason) => expecting(() => assert.match(state.stuck?.reason ?? state.undoing?.reason ?? "", reason)),
    thenWaits: (ms) => expecting(() => assert.equal(waits(standing), ms)),
    thenOnce: () => expecting(() => assertOnce(standing)),
  };
  return self;
}

/** What the instance decides, as its stream keeps it. */
function decide({ saga, state, now, id = "1" }: Standing, { name, data }: Input): readonly NewFact[] {
  const decider: Decider = sagaDecider(saga);
  const decided = decider.decide({ name, data: decider.commands[name]?.parse(data) }, state, { now, id });
  if (isRejection(decided)) assert.fail(`expected ${name} to be decided, got the rejection ${decided.code}: ${decided.detail}`);
  return decided.map((fact) => ({ ...fact, data: decider.forms.get(fact.type)?.schema.parse(JSON.parse(JSON.stringify(fact.data))) }));
}

function tell(standing: Standing, input: Input): Standing {
  const { saga, state, told } = standing;
  const events = decide(standing, input);
  const next = events.reduce((state: unknown, event) => sagaDecider(saga).evolve(state, event), state) as SagaState;
  return { ...standing, state: next, told: [...told, input] };
}

function received(standing: Standing, happened: Happened): Standing {
  const { saga, id } = standing;
  const events = [...standing.events, happened];
  const event = logged(events).at(-1);
  const fact = event && saga.fact("test", event);
  if (event === undefined || fact === undefined) assert.fail(`expected an event that ${saga.name} wants, got ${happened.fact.type} in ${happened.stream}`);
  const of = saga.correlate(fact);
  if (of === undefined || (id !== undefined && of !== id)) assert.fail(`expected an event for the instance ${id ?? "of its own"}, got one for ${of}`);
  return tell({ ...standing, events, id: of }, { name: "Receive", data: { key: factKey(event), fact } });
}

/** Time passes, and every deadline on the way is noticed. */
function moved(standing: Standing, to: string): Standing {
  const { saga, now, state } = standing;
  assert.ok(to >= now, `expected a time not before ${now}, got ${to}`);
  const next = dueWork(saga, state)
    .deadlines.filter((deadline) => deadline > now && deadline <= to)
    .toSorted()[0];
  if (next === undefined) return { ...standing, now: to };
  return moved(tell({ ...standing, now: next }, { name: "Tick", data: {} }), to);
}

function dueNow({ saga, state, now }: Standing): readonly DueCall[] {
  return dueWork(saga, state).calls.filter(({ due }) => due <= now);
}

function commandsOf(standing: Standing): readonly CommandToSend[] {
  return dueNow(standing).flatMap(({ command }) => (command === undefined ? [] : [plain(command)]));
}

/** What a command says, without how the saga takes its answer. */
function plain({ category, id, command, data }: CommandToSend): CommandToSend {
  return { category, id, command, data };
}

function waits({ saga, state, now }: Standing): number | "for ever" {
  const { calls, deadlines } = dueWork(saga, state);
  const next = [...calls.map(({ due }) => due), ...deadlines].filter((due) => due > now).toSorted()[0];
  return next === undefined ? "for ever" : Date.parse(next) - Date.parse(now);
}

function callsOf(standing: Standing, step: string, index?: number): readonly DueCall[] {
  const calls = dueNow(standing).filter((call) => call.step === step && (index === undefined || call.call === index));
  if (calls.length > 0) return calls;
  const wanted = dueNow(standing).map((call) => `${call.step}[${call.call}]`);
  assert.fail(`expected ${step}${index === undefined ? "" : `[${index}]`} to want something done now, got ${wanted.join(", ") || "nothing"}`);
}

function answered(standing: Standing, step: string, { answer, call }: { readonly answer: Answer; readonly call: number | undefined }): Standing {
  return callsOf(standing, step, call).reduce((standing, due) => report(standing, due, outcomeOf(standing, due, answer)), standing);
}

function report(standing: Standing, { step, round, call, failures, isUndoing }: DueCall, performed: Performed): Standing {
  return tell(standing, { name: "Report", data: { step, round, call, failures, isUndoing, ...performed } });
}

function outcomeOf(standing: Standing, due: DueCall, answer: Answer): Performed {
  const step = stepOf(standing, due.step);
  // The longest pause that the backoff may draw.
  const clock = { now: () => Date.parse(standing.now), chance: () => 1 };
  if (answer === "done") return { outcome: "done" };
  if ("failed" in answer) return again(step, due, answer.failed, clock);
  if ("learned" in answer) return saidOutcome(answer);
  if (due.command === undefined) return saidOutcome({ failed: answer.rejected });
  return sentOutcome(step, due, { ok: false, isNo: true, code: answer.rejected, detail: "" }, clock);
}

function stepOf({ saga, state }: Standing, name: string): ErasedStep | undefined {
  return definitionFor(saga, state)
    ?.groups.flat()
    .find((step) => step.name === name);
}

async function asked(standing: Standing, step: string, ports: readonly StandIn[]): Promise<Answer> {
  const [{ round }] = callsOf(standing, step, -1) as readonly [DueCall];
  try {
    const said = await stepOf(standing, step)?.call(standing.state.data, {
      key: `test/${step}/${round}`,
      tenant: "test",
      signal: new AbortController().signal,
      trace: NO_CODE_TRACING,
      port<Port>({ name }: PortToken<Port>): Port {
        const one = ports.find((port) => port.name === name);
        if (one === undefined) throw new Error(`expected something behind the port ${name}, got nothing`);
        return one.port as Port;
      },
    });
    if (said === undefined) return "done";
    return "failed" in said ? { rejected: said.failed } : said;
  } catch (fault) {
    return { failed: fault instanceof Error ? fault.message : String(fault) };
  }
}

const OF_PEOPLE: ReadonlySet<string> = new Set(["Start", "Retry", "Skip", "Cancel"]);

function assertOnce(standing: Standing): void {
  for (const input of standing.told.filter(({ name }) => !OF_PEOPLE.has(name)))
    assert.deepEqual(decide(standing, input), [], `expected ${input.name} to decide nothing the second time: ${JSON.stringify(input.data)}`);
}
