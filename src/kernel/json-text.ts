import { hasTooManyValues, MAX_JSON_VALUES } from "./json-size.ts";

/** A JSON value as text, without white space: names in the order they came, numbers and strings to the character. */
export type JsonText = string & { readonly __jsonText: never };

/** Why a text that is JSON is still refused, and where. `path` reads like `events[3].data.price`. */
export interface JsonFault {
  readonly path: string;
  readonly message: string;
}

export type JsonRead =
  | { readonly ok: true; readonly value: unknown; texts(): readonly JsonText[] }
  | { readonly ok: false; readonly syntax: string }
  | { readonly ok: false; readonly fault: JsonFault };

/** The deepest nesting that is accepted, counted from the picked values' level on. */
export const MAX_JSON_DEPTH = 64;

/**
 * Parses `text` and gives, beside the value, the exact texts of the parts that `pick` selects
 * (`["events", "*", "data"]`; `[]` is the whole document), in document order.
 *
 * JSON.parse alone would lose the order of integer-like names and the digits of numbers. Where its result, written
 * out again, is the text itself, nothing was lost and the parts are written out from the value (native speed);
 * otherwise the text is scanned once, character by character.
 *
 * Refused with a path: nesting over 64, over a million values (before any of them is made), lone surrogates, numbers beyond a double, a name that stands twice in an object.
 */
export function readJson(text: string, pick: readonly string[]): JsonRead {
  if (hasTooManyValues(text)) return { ok: false, fault: { path: "", message: `has more than ${MAX_JSON_VALUES} values` } };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, syntax: error instanceof Error ? error.message : String(error) };
  }
  if (isExact(text, value) && !isDeeperThan(value, MAX_JSON_DEPTH + pick.length)) {
    return { ok: true, value, texts: () => pickValues(value, pick, 0, []).map((part) => JSON.stringify(part) as JsonText) };
  }
  const scan = new Scan(text, pick);
  const fault = scan.run();
  return fault === undefined ? { ok: true, value, texts: () => scan.picked } : { ok: false, fault };
}

/** A JavaScript value as JSON text. For values made here; what came from outside goes through `readJson`. */
export function jsonText(value: unknown): JsonText {
  return JSON.stringify(value) as JsonText;
}

function isExact(text: string, value: unknown): boolean {
  // A lone surrogate's escape survives the round trip, so it must be looked for by itself.
  if (/\\ud[89a-f]/.test(text)) return false;
  try {
    return JSON.stringify(value) === text;
  } catch {
    return false; // nested too deeply for the stack: the scan says where
  }
}

function pickValues(value: unknown, pick: readonly string[], at: number, into: unknown[]): unknown[] {
  const name = pick[at];
  if (name === undefined) into.push(value);
  else if (name === "*") {
    if (Array.isArray(value)) for (const item of value) pickValues(item, pick, at + 1, into);
  } else if (typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)) {
    pickValues((value as Record<string, unknown>)[name], pick, at + 1, into);
  }
  return into;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const item of Array.isArray(value) ? value : Object.values(value)) if (isDeeperThan(item, levels - 1)) return true;
  return false;
}

/** One pass over a text that JSON.parse has already accepted, so syntax need not be checked again. */
class Scan {
  readonly picked: JsonText[] = [];
  readonly #text: string;
  readonly #pick: readonly string[];
  readonly #path: (string | number)[] = [];
  #at = 0;
  #fault: JsonFault | undefined;

  constructor(text: string, pick: readonly string[]) {
    this.#text = text;
    this.#pick = pick;
  }

  run(): JsonFault | undefined {
    this.#value(0, 0);
    return this.#fault;
  }

  /** `matched` counts the steps of `pick` that led here, or is -1 beside the way. */
  #value(matched: number, depth: number): string {
    this.#space();
    const isPicked = matched === this.#pick.length;
    const char = this.#text[this.#at];
    let out: string;
    if (char === "{" || char === "[") {
      if (depth >= MAX_JSON_DEPTH + this.#pick.length) return this.#fail("is nested more than 64 deep");
      out = char === "{" ? this.#object(matched, depth) : this.#array(matched, depth);
    } else if (char === '"') {
      out = this.#string();
      if (!(JSON.parse(out) as string).isWellFormed()) return this.#fail("contains a lone surrogate");
    } else {
      out = this.#scalar();
      if (/\d$/.test(out) && !Number.isFinite(Number(out))) return this.#fail("is a number beyond the range of a double");
    }
    if (isPicked && this.#fault === undefined) this.picked.push(out as JsonText);
    return out;
  }

  #object(matched: number, depth: number): string {
    const names = new Set<string>();
    let out = "{";
    this.#at++;
    for (this.#space(); this.#text[this.#at] !== "}" && this.#fault === undefined; this.#space()) {
      if (this.#text[this.#at] === ",") {
        this.#at++;
        this.#space();
        out += ",";
      }
      const raw = this.#string();
      const name = JSON.parse(raw) as string;
      this.#path.push(name);
      if (!name.isWellFormed()) this.#fail("has a name with a lone surrogate");
      if (names.has(name)) this.#fail("stands twice in its object");
      names.add(name);
      this.#space();
      this.#at++; // the colon
      // `*` stands for the elements of an array, so a member of that name is not picked.
      out += `${raw}:${this.#value(name === "*" ? -1 : this.#next(matched, name), depth + 1)}`;
      this.#path.pop();
    }
    this.#at++;
    return `${out}}`;
  }

  #array(matched: number, depth: number): string {
    let out = "[";
    this.#at++;
    let index = 0;
    for (this.#space(); this.#text[this.#at] !== "]" && this.#fault === undefined; this.#space()) {
      if (this.#text[this.#at] === ",") {
        this.#at++;
        out += ",";
      }
      this.#path.push(index++);
      out += this.#value(this.#next(matched, "*"), depth + 1);
      this.#path.pop();
    }
    this.#at++;
    return `${out}]`;
  }

  #next(matched: number, step: string): number {
    return matched >= 0 && matched < this.#pick.length && this.#pick[matched] === step ? matched + 1 : -1;
  }

  #string(): string {
    const start = this.#at++;
    while (this.#text[this.#at] !== '"') this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
    return this.#text.slice(start, ++this.#at);
  }

  #scalar(): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !",]} \t\n\r".includes(this.#text[this.#at] as string)) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  #space(): void {
    while (this.#at < this.#text.length && " \t\n\r".includes(this.#text[this.#at] as string)) this.#at++;
  }

  #fail(message: string): string {
    this.#fault ??= { path: pathText(this.#path), message };
    return "";
  }
}

/** `["events", 3, "data"]` as `events[3].data`; cut after 200 characters. */
export function pathText(path: readonly (string | number | symbol)[]): string {
  let text = "";
  for (const step of path) {
    text += typeof step === "number" ? `[${step}]` : `${text === "" ? "" : "."}${String(step)}`;
    if (text.length > 200) return `${text.slice(0, 200).toWellFormed()}…`;
  }
  return text.toWellFormed();
}
