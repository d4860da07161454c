import type { StreamPlace } from "../../log/streams-of.ts";
import type { Sealer } from "../../webhooks/seal.ts";
import type { Call } from "../endpoint.ts";
import { platformMetadata } from "../metadata.ts";
import { type Holder, type SealAnew, Unopened } from "./holders.ts";

/** What became of an aggregate's secrets: `unopened` where none of the keys opens one of them. */
export type Resealed = "resealed" | "current" | "unopened" | "busy";

/** Times that somebody else may have been faster in changing the same aggregate. */
const ATTEMPTS = 10;

/** Seals the secrets of one aggregate under the present key; where that is done already, or the tenant is deleted, nothing is written. */
export async function resealOne(
  call: Call<unknown, unknown, unknown>,
  sealer: Sealer,
  { category, anew }: Holder,
  { tenant, stream }: StreamPlace,
): Promise<Resealed> {
  const { services, principal } = call;
  const id = stream.slice(category.length + 1);
  const seal: SealAnew = async (sealed, context) => {
    if (await sealer.isCurrent(sealed)) return sealed;
    const text = await sealer.open(sealed, context);
    if (text === undefined) throw new Unopened(context.place);
    return sealer.seal(text, context);
  };
  // Its secrets go with its key, whether or not the job has come to this stream yet.
  if ((await services.tenants.get(tenant)).deletion !== undefined) return "current";
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { state, version, isClosed } = await services.objectFor(tenant, stream).state();
    if (isClosed) return "current";
    let wanted;
    try {
      wanted = await anew(JSON.parse(state), { tenant, id }, seal);
    } catch (fault) {
      if (fault instanceof Unopened) return "unopened";
      throw fault;
    }
    if (wanted === undefined) return "current";
    const sent = await services.send({
      tenant,
      category,
      id,
      command: wanted.name,
      data: wanted.data,
      // What was read is what is written again, so nothing may come between.
      precondition: { kind: "version", version },
      source: "/v1/reseal",
      metadata: platformMetadata(call, principal.actor),
    });
    if (sent.ok) return sent.events.length > 0 ? "resealed" : "current";
    if (sent.rejection === "secret_unopened") return "unopened";
    if (sent.code !== "version_mismatch") return "busy";
  }
  return "busy";
}
