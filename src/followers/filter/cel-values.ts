import { type CelList, celList, type CelMap, celMap, type CelValue } from "@bufbuild/cel";
import { meter } from "./meter.ts";

type JsonObject = Readonly<Record<string, unknown>>;

let stepsPerItem = 1;

/** The event as CEL sees it. One more element of a list that is gone through costs so many steps. */
export function celEvent(event: JsonObject, perItem: number): CelValue | undefined {
  stepsPerItem = perItem;
  return celValue(event);
}

/** The steps of looking through a text: 16 characters each. */
export function spendOnText(length: number): void {
  meter.spend(length >> 4);
}

/**
 * A value of JSON as CEL sees it: numbers are doubles. Objects and lists are read in place, each reading is counted, and any name is one
 * as any other: the library would copy them, take `$typeName` for a message's and stumble over `constructor`.
 */
function celValue(value: unknown): CelValue | undefined {
  switch (typeof value) {
    case "string":
      spendOnText(value.length);
      return value;
    case "number":
    case "boolean":
      return value;
    case "object":
      if (value === null) return null;
      return Array.isArray(value) ? (new JsonList(value) as unknown as CelList) : (new JsonMap(value as JsonObject) as unknown as CelMap);
    default:
      return undefined;
  }
}

class JsonList {
  readonly #items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.#items = items;
  }

  get size(): number {
    return this.#items.length;
  }

  get(index: number): CelValue | undefined {
    meter.spend(1);
    return celValue(this.#items[index]);
  }

  *values(): IterableIterator<CelValue> {
    for (const item of this.#items) {
      meter.spend(stepsPerItem);
      yield celValue(item) as CelValue;
    }
  }

  [Symbol.iterator](): IterableIterator<CelValue> {
    return this.values();
  }
}

class JsonMap {
  readonly #object: JsonObject;

  constructor(object: JsonObject) {
    this.#object = object;
  }

  get size(): number {
    const { length } = Object.keys(this.#object);
    meter.spend(length);
    return length;
  }

  get(key: unknown): CelValue | undefined {
    meter.spend(1);
    return typeof key === "string" && Object.hasOwn(this.#object, key) ? celValue(this.#object[key]) : undefined;
  }

  /** Also where the value is null, which the library's own maps deny. */
  has(key: unknown): boolean {
    meter.spend(1);
    return typeof key === "string" && Object.hasOwn(this.#object, key);
  }

  forEach(callback: (value: CelValue, key: string, map: this) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this);
  }

  *entries(): IterableIterator<[string, CelValue]> {
    for (const key of this.keys()) yield [key, celValue(this.#object[key]) as CelValue];
  }

  *keys(): IterableIterator<string> {
    for (const key of Object.keys(this.#object)) {
      meter.spend(stepsPerItem);
      spendOnText(key.length);
      yield key;
    }
  }

  *values(): IterableIterator<CelValue> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): IterableIterator<[string, CelValue]> {
    return this.entries();
  }
}

// The library knows its lists and maps by a mark that only those it makes bear, so ours inherit from one of them.
Object.setPrototypeOf(JsonList.prototype, celList([]));
Object.setPrototypeOf(JsonMap.prototype, celMap(new Map()));
