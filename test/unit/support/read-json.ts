import { type JsonFault, type JsonText, readJson } from "../../../src/kernel/index.ts";

/** What `readJson` gives for a text that is to be accepted; a refusal fails the test with its reason. */
export function accepted(text: string, pick: readonly string[] = []): { readonly value: unknown; readonly texts: readonly JsonText[] } {
  const read = readJson(text, pick);
  if (!read.ok) throw new Error(`expected to be accepted, got ${JSON.stringify(read)}`);
  return { value: read.value, texts: read.texts() };
}

/** Why `readJson` refuses a text that is JSON. */
export function refused(text: string, pick: readonly string[] = []): JsonFault {
  const read = readJson(text, pick);
  if (read.ok || "syntax" in read) throw new Error(`expected a fault with a path, got ${JSON.stringify(read)}`);
  return read.fault;
}

/** A text as it is, which may take the fast path, and with a leading blank, which never does. */
export function onBothPaths(text: string): readonly [fast: string, slow: string] {
  return [text, ` ${text}`];
}
