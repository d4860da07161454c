import type { IdempotencyKey } from "../../../durable-objects/aggregate/contract.ts";
import type { Executed } from "../../../durable-objects/aggregate/contract.ts";
import { idOf } from "../../kernel/index.ts";
import { sagaFollower, type StuckFilter, type StuckLetter, stuckLetters, type LetterPlace } from "../../sagas/stuck-letters.ts";
import { sagasView } from "../../sagas/sagas-view.ts";
import { readScope } from "../../views/standing.ts";
import type { Call } from "../endpoint.ts";
import { problem } from "../problem.ts";
import { refused } from "../refusal.ts";
import type { Services } from "../services.ts";
import { tellSaga } from "./tell-saga.ts";

/** Whether a dead letter's follower is a saga. */
export function isOfSaga(subscription: string): boolean {
  return subscription.startsWith(sagaFollower(""));
}

/** A tenant's stuck instances as dead letters, as the view of sagas knows them. */
export async function stuckOf(
  services: Services,
  tenant: string,
  asked: { readonly filter?: StuckFilter; readonly after?: LetterPlace; readonly limit: number },
): Promise<readonly StuckLetter[]> {
  const { views } = services.shardOf(tenant);
  return stuckLetters(views, await readScope(views, tenant, sagasView.name), asked);
}

/** Retries the step that an instance is stuck at, or skips it: then it is no dead letter any more. An answer where it is refused. */
export async function unstick(
  call: Call<unknown, unknown, unknown>,
  { subscription, stream, event }: Pick<StuckLetter, "subscription" | "stream" | "event">,
  how: { readonly name: "Retry" | "Skip"; readonly data: object; readonly idempotency: IdempotencyKey | undefined },
): Promise<Executed | Response> {
  const saga = call.services.sagas.find(({ name }) => sagaFollower(name) === subscription);
  if (saga === undefined) return problem({ status: 409, code: "no_such_saga", detail: `${subscription} is not in the code any more.` });
  // Meanwhile it may have gone on, and be stuck elsewhere: then this letter is none any more.
  const { data } = JSON.parse(event) as { readonly data?: { readonly step: string; readonly at: string } };
  const sent = await tellSaga(call, saga, { id: idOf(stream), ...how, data: { ...how.data, step: data?.step, at: data?.at } });
  return sent.ok ? sent : refused(sent);
}
