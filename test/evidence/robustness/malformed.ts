import { type Case, type Expectation, type Ground, isDescribed, isJson, plainDraft } from "./cases.ts";
import { type Draft, jsonBytes, type Sent, written } from "./request.ts";

/** Over every limit that a body has. */
const TOO_LARGE = 10 * 1024 * 1024;
const DEEP = 100_000;

/** Requests that go wrong beneath the schemas: encodings, media types, sizes, methods. */
export function malformedCases(ground: Ground): readonly Case[] {
  const { operation } = ground;
  const plain = plainDraft(ground);
  const make = (request: Sent, why: string, expect: Expectation = "either"): Case => ({ operation, request, why, expect });
  const draft = (changed: Partial<Draft>, why: string, expect?: Expectation): Case => make(written(operation, { ...plain, ...changed }), why, expect);
  const asIs = written(operation, plain);
  return [
    ...targets(asIs).map(([target, why]) => make({ ...asIs, target }, why)),
    ...badPaths(ground, plain).map((target) => make({ ...asIs, target }, `the path is ${target.slice(0, 80)}`)),
    ...METHODS.filter((method) => !ground.methods.includes(method)).map((method) => make(withoutBody({ ...asIs, method }), `the method is ${method}`)),
    ...HEADERS.map(([name, value]) => draft({ headers: { ...plain.headers, [name]: value } }, `header ${name} is ${value.slice(0, 40)}`)),
    ...repeated(ground, plain).map((query) => draft({ query }, "a query parameter comes twice")),
    ...bodies(ground, plain, draft),
  ];
}

const METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

function withoutBody({ method, target, headers }: Sent): Sent {
  const { "content-type": _, ...rest } = headers;
  return { method, target, headers: rest };
}

const HEADERS: readonly (readonly [string, string])[] = [
  ["x-large", "x".repeat(8000)],
  ["cookie", `a=${"b".repeat(4000)}; =; ;;`],
  ["accept", "application/xml"],
  ["accept", "*/*;q=nonsense, , ;;"],
  ["accept", "text/html;q=0"],
  ["accept-encoding", "zstd;q=1, identity;q=0"],
  ["content-encoding", "gzip"],
  ["range", "bytes=0-"],
  ["expect", "100-continue"],
  ["traceparent", "00-00000000000000000000000000000000-0000000000000000-00"],
  ["traceparent", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
  ["tracestate", "=,=,=".repeat(400)],
  ["prefer", "wait=999999999999, wait=-1"],
  ["x-http-method-override", "DELETE"],
  ["upgrade", "h2c"],
];

const QUERIES = [
  "%zz=1",
  "a=%",
  "%=%",
  "a=%c3%28",
  "a=%00",
  "&&&=&",
  "__proto__=1&constructor=2",
  "a[b]=1&a[]=2",
  "limit=%E0%A4%A",
  "%ff%fe=%ff",
  `a=${"b".repeat(6000)}`,
];

function targets({ target }: Sent): readonly (readonly [string, string])[] {
  const join = target.includes("?") ? "&" : "?";
  return [
    ...QUERIES.map((query) => [`${target}${join}${query}`, `the query ends with ${query.slice(0, 40)}`] as const),
    [`${target.replace("?", "/?")}${target.includes("?") ? "" : "/"}`, "a slash at the end"],
    [`/${target}`, "two slashes at the start"],
  ];
}

const SEGMENTS = [
  "%",
  "%zz",
  "%c3%28",
  "%00",
  "%ff",
  "%2e%2e",
  "..",
  ".",
  "%2F..%2F",
  "%u0041",
  "a%20b",
  ";a=b",
  "a%23b",
  "a%3Fb",
  "*",
  "{x}",
  "%E2%80%AE",
  "a".repeat(4000),
];

function badPaths({ operation }: Ground, { path }: Draft): readonly string[] {
  return operation.parameters
    .filter((parameter) => parameter.in === "path")
    .flatMap(({ name }) =>
      SEGMENTS.map((segment) =>
        operation.path.replaceAll(/\{(\w+)\}/g, (_, other: string) => (other === name ? segment : encodeURIComponent(path[other] ?? ""))),
      ),
    );
}

function repeated({ operation }: Ground, { query }: Draft): readonly Draft["query"][] {
  const names = operation.parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name);
  return names.flatMap((name) =>
    [
      ["1", "1"],
      ["1", "x"],
      ["", "💩"],
    ].map((texts) => [...query, ...texts.map((text) => [name, text] as const)]),
  );
}

type Drafting = (changed: Partial<Draft>, why: string, expect?: Expectation) => Case;

function bodies({ operation }: Ground, plain: Draft, draft: Drafting): readonly Case[] {
  const valid = plain.body?.bytes ?? jsonBytes({});
  if (operation.bodies.length === 0) return [draft({ body: { type: "application/json", bytes: Buffer.from("{") } }, "a body that nobody asked for")];
  const takesAll = operation.bodies.some(([type]) => type.includes("*"));
  const types = ["text/html", "application/xml", "nonsense", "/", "application/json/x", "multipart/form-data", ""].map((type) =>
    draft({ body: { type, bytes: valid } }, `Content-Type: ${type}`, takesAll ? "either" : "refused"),
  );
  const json = operation.bodies
    .filter(([type]) => isJson(type))
    .flatMap(([type, schema]) =>
      badJson(valid, isDescribed(schema)).map(({ bytes, why, expect }) => draft({ body: { type, bytes } }, `${type}: ${why}`, expect)),
    );
  const charsets = ["utf-16", "iso-8859-1", '"', "utf-8; charset=utf-8"].map((charset) =>
    draft({ body: { type: `${plain.body?.type}; charset=${charset}`, bytes: valid } }, `charset=${charset}`),
  );
  return [...types, ...json, ...charsets];
}

interface BadBody {
  readonly bytes: Buffer;
  readonly why: string;
  readonly expect: Expectation;
}

function badJson(valid: Buffer, isDescribed: boolean): readonly BadBody[] {
  const text = valid.toString();
  const opaque: Expectation = isDescribed ? "refused" : "either";
  const broken = [
    "",
    " ",
    text.slice(0, -1),
    `${text}${text}`,
    `${text},`,
    `{"a":NaN}`,
    `[Infinity]`,
    "{'a':1}",
    "{a:1}",
    "[1,]",
    '{"a":1,}',
    "nul",
    "\ufeff\ufeff{}",
    "// x\n{}",
    '"\u0001"',
    '"\\x"',
    "01",
    "+1",
    "1.",
    "[",
    "]",
    '{"a"',
  ];
  const bytes: readonly (readonly [Buffer, string])[] = [
    [Buffer.from([0xff, 0xfe, 0x7b, 0x7d]), "not UTF-8"],
    [Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]), "half a character"],
    [Buffer.concat([Buffer.from('"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"')]), "a surrogate in UTF-8"],
    [Buffer.from(text, "utf16le"), "UTF-16"],
    [Buffer.alloc(1000), "zeros"],
    [Buffer.from("[".repeat(DEEP)), "deep and cut off"],
  ];
  return [
    ...broken.map((wrong) => ({ bytes: Buffer.from(wrong), why: `not JSON: ${JSON.stringify(wrong.slice(0, 40))}`, expect: "refused" as const })),
    ...bytes.map(([wrong, why]) => ({ bytes: wrong, why, expect: "refused" as const })),
    { bytes: Buffer.from("[".repeat(DEEP) + "]".repeat(DEEP)), why: "deep", expect: "refused" },
    { bytes: Buffer.from('{"a":'.repeat(DEEP) + "1" + "}".repeat(DEEP)), why: "deep objects", expect: "refused" },
    { bytes: Buffer.from(`${"[".repeat(65)}1${"]".repeat(65)}`), why: "65 deep", expect: "refused" },
    { bytes: Buffer.from(JSON.stringify("x".repeat(TOO_LARGE))), why: "too large", expect: "refused" },
    { bytes: Buffer.from(`[${"9".repeat(10_000)}]`), why: "a huge number", expect: opaque },
    { bytes: Buffer.from('{"a":1e400,"b":-1e400}'), why: "numbers beyond doubles", expect: "either" },
    ...(text.startsWith("{")
      ? [{ bytes: Buffer.from(`{${text.slice(1, -1)}${text === "{}" ? "" : ","}${text.slice(1, -1)}}`), why: "each member twice", expect: "either" as const }]
      : []),
  ];
}
