import type { z } from "zod";
import { invalidInput } from "./endpoint.ts";

/** A cursor: opaque to clients, and of one kind, so that one list's cursor is refused by another. */
export function writeCursor(kind: string, value: Readonly<Record<string, string | number | null>>): string {
  return Buffer.from(JSON.stringify([kind, value])).toString("base64url");
}

/** What a cursor of this kind holds; undefined where there is none, 422 where it is not one of ours. */
export function readCursor<Value>(kind: string, schema: z.ZodType<Value>, text: string | undefined): Value | undefined | Response {
  if (text === undefined) return undefined;
  try {
    const [written, value] = JSON.parse(Buffer.from(text, "base64url").toString()) as [unknown, unknown];
    const parsed = schema.safeParse(value);
    if (written === kind && parsed.success) return parsed.data;
  } catch {
    // Falls through: whatever is wrong with it, the client's answer is the same.
  }
  return invalidInput([{ path: "cursor", message: "Expected the `next` of an earlier page of this list" }]);
}
