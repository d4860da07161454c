import type { z } from "zod";
import { pathText, readJson } from "../../kernel/index.ts";
import { bodyText, mediaTypeOf } from "../body.ts";
import { type Call, invalidInput, notJson, type RawBody } from "../endpoint.ts";

/** A JSON body that may be left out: then there is no Content-Type either. */
export function optionalBody(schema: z.ZodType, maxBytes = 16_384): RawBody {
  return {
    maxBytes,
    isOptional: true,
    mediaTypes: ["application/json"],
    schemas: { "application/json": schema },
    isIn(headers) {
      const type = mediaTypeOf(headers);
      const isEmpty = (headers.get("content-length") ?? "0") === "0" && !headers.has("transfer-encoding");
      return type === undefined ? isEmpty : type === "application/json";
    },
  };
}

/** The body by its schema, `{}` where none was sent; 400 where it is no JSON, 422 where it is of another shape. */
export function readOptional<Schema extends z.ZodType>(
  { request, bytes }: Pick<Call<unknown, unknown, unknown>, "request" | "bytes">,
  schema: Schema,
): z.output<Schema> | Response {
  const parsed = schema.safeParse({});
  if (bytes.length === 0 && mediaTypeOf(request.headers) === undefined && parsed.success) return parsed.data;
  const text = bodyText(bytes);
  if (text instanceof Response) return text;
  const read = readJson(text, []);
  if (!read.ok) return "syntax" in read ? notJson(read.syntax) : invalidInput([read.fault]);
  const { success, data, error } = schema.safeParse(read.value);
  return success ? data : invalidInput(error.issues.map(({ path, message }) => ({ path: pathText(path), message })));
}
