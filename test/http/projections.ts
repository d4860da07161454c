import { type Answer, get, type HeaderFields, ok, send } from "../support/http.ts";

/** A view as /v1/projections shows it. */
export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly position: number;
  readonly lag: number;
  readonly state: "live" | "catching-up" | "rebuilding" | "faulted";
  readonly error?: string;
  readonly progress?: { readonly purpose: string; readonly position: number; readonly target: number; readonly error?: string };
  readonly comparison?: { readonly position: number; readonly differing: number; readonly samples: readonly unknown[] };
}

export const projection = async (name: string, headers: HeaderFields = {}): Promise<Projection> =>
  ok<Projection>(await get(`/v1/projections/${name}`, headers));

/** Asks for a build: `rebuild`, `rebuild?compare=true` or `rollback`. */
export const build = (name: string, what: string, headers: HeaderFields = {}): Promise<Answer> =>
  send("POST", `/v1/projections/${name}/${what}`, undefined, headers);

/** The view once nothing is built beside it any more, and it has come as far as the log is; as it stands after ten seconds where that does not come. */
export async function built(name: string, headers: HeaderFields = {}): Promise<Projection> {
  let found = await projection(name, headers);
  // The domains' handlers go on writing, so the log may have grown meanwhile.
  const isUnderWay = (): boolean =>
    found.state === "catching-up" || (found.progress !== undefined && found.state !== "faulted" && found.progress.error === undefined);
  for (let turn = 0; turn < 200 && isUnderWay(); turn++) found = await scheduler.wait(50).then(() => projection(name, headers));
  return found;
}
