import type { OpenAPIHono } from "@hono/zod-openapi";
import { type ApiEnv, serve } from "../endpoint.ts";
import { problem } from "../problem.ts";
import { dropDeadLetter, redriveDeadLetter, redriveDeadLetters } from "./dead-letter-operations.ts";
import { deadLetters, getDeadLetter } from "./dead-letters.ts";
import { handlers, pauseHandler, resumeHandler } from "./handlers.ts";
import { subscriptionAttempts, testSubscription } from "./subscription-attempts.ts";
import { pauseSubscription, replaySubscription, resumeSubscription, rotateSecret, stopReplay } from "./subscription-operations.ts";
import { acknowledgeEvents, leaseEvents, refuseEvents } from "./subscription-pull.ts";
import { createSubscription, deleteSubscription, getSubscription, patchSubscription, subscriptions } from "./subscriptions.ts";

/** Serves every route of subscriptions, dead letters and handlers. */
export function serveFollowers(app: OpenAPIHono<ApiEnv>): void {
  serve(app, createSubscription);
  serve(app, subscriptions);
  serve(app, getSubscription);
  serve(app, patchSubscription);
  serve(app, deleteSubscription);
  serve(app, pauseSubscription);
  serve(app, resumeSubscription);
  serve(app, replaySubscription);
  serve(app, stopReplay);
  serve(app, rotateSecret);
  serve(app, testSubscription);
  serve(app, subscriptionAttempts);
  serve(app, leaseEvents);
  serve(app, acknowledgeEvents);
  serve(app, refuseEvents);
  serve(app, redriveDeadLetters);
  // Otherwise a GET or DELETE here would ask for the dead letter `redrive`.
  app.all(redriveDeadLetters.path, (context, next) => {
    if (context.req.method === "POST" || context.req.method === "OPTIONS") return next();
    const allow = "OPTIONS, POST";
    return problem({ status: 405, code: "method_not_allowed", detail: `${context.req.method} is not allowed here; ${allow} is.`, headers: { allow } });
  });
  serve(app, deadLetters);
  serve(app, getDeadLetter);
  serve(app, redriveDeadLetter);
  serve(app, dropDeadLetter);
  serve(app, handlers);
  serve(app, pauseHandler);
  serve(app, resumeHandler);
}
