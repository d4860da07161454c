import { objectFor } from "../durable-objects/object-for.ts";
import type { Env } from "./env.ts";
import { handlerPorts } from "./ports/handler-ports.ts";
import type { HttpServiceGiven } from "./ports/http-service.ts";

/** What stands behind the ports of handlers and sagas in this deployment: a service over HTTP where its address is given, else what is local. */
export function portsOf(env: Env, theFetch: typeof fetch): (tenant: string, name: string) => unknown {
  const service = (url?: string, key?: string): HttpServiceGiven | undefined => (url ? { url, ...(key && { key }), fetch: theFetch } : undefined);
  return handlerPorts({
    open: (tenant, stream) => objectFor(env, tenant, stream),
    openToErase: (tenant, stream) => objectFor(env, tenant, stream),
    ...(env.TRANSLATOR_URL && { translate: { url: env.TRANSLATOR_URL, ...(env.TRANSLATOR_KEY && { apiKey: env.TRANSLATOR_KEY }), fetch: theFetch } }),
    payments: service(env.PAYMENTS_URL, env.PAYMENTS_KEY),
    mail: service(env.MAIL_URL, env.MAIL_KEY),
    videoProcessor: service(env.VIDEO_PROCESSOR_URL, env.VIDEO_PROCESSOR_KEY),
  });
}
