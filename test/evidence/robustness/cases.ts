import type { Chance } from "../../support/chance.ts";
import type { Operation, Parameter, Place, Schema } from "./description.ts";
import { invalidTexts, violations } from "./invalid-values.ts";
import { recipeOf } from "./recipes.ts";
import { type Draft, fitsHeader, jsonBytes, type Sent, written } from "./request.ts";
import { branchesOf, chanceValues, fullValues, isValid, PLAIN_TEXT, validValues, type Whole } from "../../support/valid-values.ts";

/** What is to become of a request: taken as well formed, refused with a 4xx, or either. */
export type Expectation = "taken" | "refused" | "either";

/** One request, and why it is sent. */
export interface Case {
  readonly operation: Operation;
  readonly request: Sent;
  readonly why: string;
  readonly expect: Expectation;
}

/** What the cases of one operation are made from. */
export interface Ground {
  readonly operation: Operation;
  readonly chance: Chance;
  readonly seed: number;
  /** The key that is sent with everything. */
  readonly key: string;
  /** Names of things that are there, by path parameter. */
  readonly known: Readonly<Record<string, readonly string[]>>;
  readonly chanceBodies: number;
  /** What else the path of the operation takes. */
  readonly methods: readonly string[];
}

/** A request with nothing but what it needs, all of it valid. */
export function plainDraft(ground: Ground): Draft {
  const { operation, key } = ground;
  const required = operation.parameters.filter(({ required }) => required);
  const of = (place: Place): readonly (readonly [string, string])[] =>
    required.filter((parameter) => parameter.in === place).map((parameter) => [parameter.name, validTexts(ground, parameter)[0] ?? "x"] as const);
  const [body] = validBodies(ground);
  return {
    path: Object.fromEntries(of("path")),
    query: of("query"),
    headers: { ...Object.fromEntries(of("header")), authorization: `Bearer ${key}` },
    ...(body && { body: { type: body.type, bytes: jsonBytes(body.value) } }),
  };
}

/** Sets one parameter of a draft. */
export function withParameter(draft: Draft, { name, in: place }: Pick<Parameter, "name" | "in">, text: string): Draft {
  if (place === "path") return { ...draft, path: { ...draft.path, [name]: text } };
  if (place === "header") return { ...draft, headers: { ...draft.headers, [name]: text } };
  return { ...draft, query: [...draft.query.filter(([other]) => other !== name), [name, text]] };
}

/** Requests that are as the description wants them: each place on each of its edges, then bodies by chance. */
export function validCases(ground: Ground): readonly Case[] {
  const { operation, seed, chanceBodies } = ground;
  const plain = plainDraft(ground);
  const make = (draft: Draft, why: string): Case => ({ operation, request: written(operation, draft), why, expect: "taken" });
  const parameters = operation.parameters.flatMap((parameter) =>
    validTexts(ground, parameter).map((text) => make(withParameter(plain, parameter, text), `${parameter.in} ${parameter.name} on an edge`)),
  );
  const bodies = validBodies(ground).map(({ type, value }) => make(withJson(plain, type, value), `a ${type} on an edge`));
  const chances = operation.bodies.flatMap(([type, schema]) =>
    isJson(type) ? chanceValues(schema, seed, chanceBodies).map((value) => make(withJson(plain, type, value), `a ${type} by chance`)) : [],
  );
  return [make(plain, "only what is needed"), ...parameters, ...bodies, ...chances];
}

/** Requests with one thing wrong that the description forbids. */
export function refusedCases(ground: Ground): readonly Case[] {
  const { operation } = ground;
  const plain = plainDraft(ground);
  const make = (draft: Draft, why: string): Case => ({ operation, request: written(operation, draft), why, expect: "refused" });
  const parameters = operation.parameters.flatMap((parameter) =>
    invalidTexts(parameter.schema, validTexts(ground, parameter)[0] ?? "x")
      .filter((text) => (parameter.in !== "header" || (fitsHeader(text) && text.trim() === text)) && !(parameter.in === "path" && /^\.*$/.test(text)))
      .map((text) => make(withParameter(plain, parameter, text), `${parameter.in} ${parameter.name} is ${JSON.stringify(text.slice(0, 60))}`)),
  );
  const missing = operation.parameters
    .filter((parameter) => parameter.required && parameter.in === "query")
    .map(({ name }) => make({ ...plain, query: plain.query.filter(([other]) => other !== name) }, `query ${name} is missing`));
  const bodies = operation.bodies.flatMap(([type, schema]) =>
    isJson(type) && isDescribed(schema)
      ? violations(schema, wholesOf(ground, type, schema)).map(({ at, value }) => make(withJson(plain, type, value), `${type}: ${at || "the whole"} is wrong`))
      : [],
  );
  const keys = operation.isPublic ? [] : ["", "Bearer", "Bearer nobody", "Basic YTpi", `Bearer ${ground.key}x`, `Token ${ground.key}`];
  return [
    ...parameters,
    ...missing,
    ...bodies,
    ...keys.map((authorization) => make({ ...plain, headers: { ...plain.headers, authorization } }, "no good key")),
  ];
}

/** Bodies of a media type that have as many members as can stand together, each with its branch of the schema. */
export function wholesOf({ operation, seed }: Pick<Ground, "operation" | "seed">, type: string, schema: Schema): readonly Whole[] {
  const given = recipeOf(operation).wholes[type];
  if (given === undefined) return fullValues(schema, seed);
  return given.map((value) => ({ value, schema: branchesOf(schema).find((branch) => isValid(branch, value)) ?? schema }));
}

let bodies = 0;

/** Gives a body the id that no other has, where it has one: a used id is a conflict, and what comes after would not be seen. */
function withOwnId(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOwnId);
  if (value === null || typeof value !== "object" || (value as Schema)["id"] !== PLAIN_TEXT) return value;
  return { ...value, id: `robustness:${process.pid}:${++bodies}` };
}

export function withJson(draft: Draft, type: string, value: unknown): Draft {
  return { ...draft, body: { type, bytes: jsonBytes(withOwnId(value)) } };
}

/** Whether bodies of a media type are JSON. */
export function isJson(type: string): boolean {
  return /[/+]json$/.test(type);
}

/** Whether a schema forbids anything. */
export function isDescribed(schema: Schema): boolean {
  return Object.keys(schema).length > 0;
}

interface ValidBody {
  readonly type: string;
  readonly value: unknown;
}

function validBodies({ operation, seed }: Ground): readonly ValidBody[] {
  const { body: given, wholes } = recipeOf(operation);
  const whole = Object.entries(wholes).flatMap(([type, values]) => values.map((value) => ({ type, value })));
  const made = operation.bodies.flatMap(([type, schema]) => (isJson(type) ? validValues(schema, seed).map((value) => ({ type, value })) : []));
  return [...(given === undefined ? [] : [given]), ...made, ...whole];
}

/** Valid texts of a parameter: what is known to be there, what a recipe says, else the edges of its schema. */
export function validTexts({ operation, seed, known }: Ground, parameter: Parameter): readonly string[] {
  const given = recipeOf(operation).texts[`${parameter.in} ${parameter.name}`];
  if (given) return given;
  const made = validValues(parameter.schema, seed)
    .map((value) => (typeof value === "string" ? value : JSON.stringify(value)))
    .filter((text) => parameter.in !== "header" || fitsHeader(text))
    .filter((text) => parameter.in !== "path" || !/^\.{0,2}$/.test(text));
  const there = parameter.in === "path" ? (known[`${operation.path.split(`{${parameter.name}}`)[0]}{${parameter.name}}`] ?? []) : [];
  // What takes things away gets the last of them, so that the others stay for the rest.
  return [...(operation.method === "DELETE" ? there.slice(-1) : there), ...made];
}
