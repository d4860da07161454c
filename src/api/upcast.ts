import { type Decider, type JsonText, readJson, upcast } from "../kernel/index.ts";

interface Stored {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data?: unknown;
}

/**
 * A page's items with every event in the newest form that its category's decider knows: `schemaVersion` and `data` are those of that form,
 * the hashes still those of what is stored. Events that are of that form already, or of none that is known, stay as they are, to the digit.
 */
export function upcastItems(decider: Decider | undefined, items: Uint8Array): Uint8Array {
  if (decider === undefined || [...decider.forms.values()].every(({ schemaVersion }) => schemaVersion === 1)) return items;
  const page = readJson(`[${new TextDecoder().decode(items)}]`, ["*"]);
  // It is our own JSON: what cannot be read goes out as it is.
  if (!page.ok) return items;
  const texts = page.texts();
  return new TextEncoder().encode((page.value as readonly Stored[]).map((event, index) => newestText(decider, event, texts[index] as JsonText)).join(","));
}

function newestText(decider: Decider, event: Stored, text: JsonText): string {
  const form = decider.forms.get(event.type);
  if (form === undefined || event.schemaVersion >= form.schemaVersion || !("data" in event)) return text;
  return JSON.stringify({ ...event, schemaVersion: form.schemaVersion, data: upcast(form, event.schemaVersion, event.data) });
}
