import { z } from "@hono/zod-openapi";
import { MAX_ORIGINS, originFault, ORIGINS_CATEGORY, ORIGINS_ID, ORIGINS_STREAM, type OriginsState } from "../../identity/origins.ts";
import { WRITTEN } from "../answer-headers.ts";
import { json } from "../answer.ts";
import { consistencyToken } from "../consistency.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { platformMetadata } from "../metadata.ts";
import { conditional, precondition } from "../preconditions.ts";
import { refused } from "../refusal.ts";

const TAG = "Identity";
/** For the description: `originFault` takes a little more, and its sentences teach more. */
const PATTERN = "^(https://([a-z][a-z0-9]*(-[a-z0-9]+)*\\.)+[a-z]{2,20}(:([1-9][0-9]{3}|[1-5][0-9]{4}))?|http://localhost:[1-9][0-9]{3})$";
const origin = z.string().max(300).openapi({ example: "https://app.example", pattern: PATTERN });
const body = z.strictObject({ origins: z.array(origin).max(MAX_ORIGINS) }).openapi("AllowedOrigins", { example: { origins: ["https://app.example"] } });
const shown = z.object({ origins: z.array(z.string()) });

export const putOrigins: Endpoint<z.ZodObject, z.ZodObject, typeof body> = {
  method: "put",
  path: "/v1/origins",
  operationId: "putOrigins",
  scope: "admin:origins",
  summary: "Say which web pages may read this tenant's answers, by their origins: within 5 seconds everywhere",
  tag: TAG,
  headers: conditional,
  body: { schema: body, maxBytes: 65_536 },
  answers: { 200: { description: "Allowed, these and no others", schema: shown, headers: WRITTEN } },
  problems: [409, 412, 429],
  handle: put,
};

async function put(call: Call<unknown, unknown, z.output<typeof body>>): Promise<Response> {
  const { services, principal, request } = call;
  const condition = precondition(request.headers);
  if (condition instanceof Response) return condition;
  const faults = call.body.origins.flatMap((text, index) => {
    const message = originFault(text);
    return message === undefined ? [] : [{ path: `origins[${index}]`, message }];
  });
  if (faults.length > 0) return invalidInput(faults);
  const sent = await services.send({
    tenant: principal.tenant,
    category: ORIGINS_CATEGORY,
    id: ORIGINS_ID,
    command: "Allow",
    data: { origins: [...new Set(call.body.origins)].sort() },
    precondition: condition,
    source: "/v1/origins",
    metadata: platformMetadata(call, principal.actor),
  });
  services.origins.forget(principal.tenant);
  if (!sent.ok) return refused(sent);
  return json(JSON.parse(sent.state), 200, { etag: `"${sent.version}"`, "consistency-token": consistencyToken(ORIGINS_STREAM, sent.version) });
}

export const getOrigins: Endpoint<z.ZodObject, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/origins",
  operationId: "getOrigins",
  scope: "admin:origins",
  summary: "The origins of the web pages that may read this tenant's answers",
  tag: TAG,
  answers: { 200: { description: "None where nobody has allowed any", schema: shown } },
  notModified: true,
  async handle({ services, principal }) {
    const { state, version } = await services.objectFor(principal.tenant, ORIGINS_STREAM).state();
    return json({ origins: (JSON.parse(state) as OriginsState).origins }, 200, { etag: `"${version}"` });
  },
};
