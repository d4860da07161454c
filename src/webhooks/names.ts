import { isPlatformCategory } from "../kernel/index.ts";
import type { InboundEvent } from "./inbound.ts";

/** A value from outside as part of a stream's id: what stands in producers' names but not in a stream's becomes `_`. */
export function idPart(value: string): string {
  return value.replace(/[^A-Za-z0-9._~:-]/g, "_");
}

/** A value from outside as part of a category: in lower case, other characters `_`. */
export function categoryPart(value: string): string {
  return value.toLowerCase().replace(/[^a-z0-9_]/g, "_");
}

/** A value from outside as words of a type: what no type may contain becomes `_`, empty words are left out. */
export function typeWords(value: string): string {
  const words = value.replace(/[\s*#\p{C}]/gu, "_").split(".");
  return words.filter((word) => word !== "").join(".") || "_";
}

/** The stream of an event: over 200 characters of its id are cut. */
export function streamOf({ category, id }: InboundEvent["stream"]): string {
  const name = idPart(id).slice(0, 200);
  return `${category}-${/^\.{0,2}$/.test(name) ? "_" : name}`;
}

/** The category that a source's own name gives: never one of the platform's. */
export function sourceCategory(source: string): string {
  const category = categoryPart(source);
  return /^[a-z]/.test(category) && !isPlatformCategory(category) ? category : `webhook_${category}`;
}

/** The first words of a type that a source's own name gives: never the platform's. */
export function sourceWords(source: string): string {
  const words = typeWords(source);
  return words === "rivulet" || words.startsWith("rivulet.") ? `webhook.${words}` : words;
}
