import { z } from "zod";
import type { Mail } from "../flows/index.ts";
import { askService, type HttpServiceGiven } from "./http-service.ts";

/** Mail over HTTP: `POST letters` below its URL, `{ to, subject, text }`, each sent once for its `Idempotency-Key`. A 4xx refuses the address. */
export function httpMail(given: HttpServiceGiven): Mail {
  return {
    async send(letter, key) {
      const asked = await askService(given, { name: "mail", path: "letters", key, body: letter }, z.unknown());
      return asked.ok ? { ok: true } : { ok: false, reason: asked.reason };
    },
  };
}
