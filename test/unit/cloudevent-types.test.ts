import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isAbsoluteUri,
  isBase64,
  isCloudEventInteger,
  isCloudEventString,
  isJsonType,
  isMediaType,
  isTimestamp,
  isUriReference,
} from "../../src/kernel/index.ts";

interface Kind {
  readonly is: (value: never) => boolean;
  readonly yes: readonly unknown[];
  readonly no: readonly unknown[];
}

const kinds: Readonly<Record<string, Kind>> = {
  "a String": {
    is: isCloudEventString,
    yes: ["", "a b", "é€😀", "\u00a0", "\ue000", "\ud800\udead", '"<>%'],
    no: [
      "\u0000",
      "a\nb",
      "\t",
      "\u001f",
      "\u007f",
      "\u0085",
      "\u009f",
      "\ufdd0",
      "\ufdef",
      "\ufffe",
      "\uffff",
      "\u{1fffe}",
      "\u{10ffff}",
      "\ud800",
      "\udead\ud800",
    ],
  },
  "an Integer": {
    is: isCloudEventInteger,
    yes: [0, -0, 1, 2_147_483_647, -2_147_483_648],
    no: [2_147_483_648, -2_147_483_649, 0.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY],
  },
  "a Binary": {
    is: isBase64,
    yes: ["", "TWE=", "TQ==", "TWFu", "+/+/"],
    no: ["TWE", "TWE==", "TW=E", "TWF=", "TR==", "-_-_", "TWFu\n", " TWFu", "T", "====", "TWFu=", "é"],
  },
  "a URI": {
    is: isAbsoluteUri,
    yes: [
      "https://example.org",
      "https://example.org/a/b?c=d&e=/?",
      "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
      "mailto:a@example.org",
      "a:",
      "a:/",
      "a:b//c",
      "file:///x",
      "http://u:p@[2001:db8::1]:80/%C3%A9",
      "http://[v1.fe:x]/",
      "x+y.z-1:%20",
    ],
    no: [
      "",
      "/a",
      "a",
      "#f",
      "https://example.org/#f",
      "1a:b",
      ":b",
      "http://a b",
      "http://é",
      "http://[::1",
      "http://[1:2]",
      "http://[fe80::1%25eth0]",
      "a:%2",
      "a:%zz",
      "a:^",
      "http://a:b:c/",
      "http://a:x/",
    ],
  },
  "a URI-reference": {
    is: isUriReference,
    yes: [
      "",
      "/",
      "/a/b",
      "a/b:c",
      "1-555-123-4567",
      "#fragment",
      "?q",
      "//authority/path",
      "//",
      "../x",
      "./a:b",
      "https://example.org/#f",
      "a:b",
      "%7e",
      "//[::]",
    ],
    no: ["1a:b", "a b", "é", "a\\b", "a^b", "{x}", "a#b#c", "%", "%4", "[", "<x>", '"', "//[x]", "\n"],
  },
  "a Timestamp": {
    is: isTimestamp,
    yes: [
      "2026-11-20T10:00:00Z",
      "2026-11-20t10:00:00z",
      "2026-11-20T10:00:00.123456789012-23:59",
      "2024-02-29T00:00:00+00:00",
      "0000-02-29T00:00:00-00:00",
      "2000-02-29T23:59:59Z",
      "1990-12-31T23:59:60Z",
      "1990-12-31T15:59:60-08:00",
      "1991-01-01T00:59:60+01:00",
    ],
    no: [
      "2026-11-20",
      "2026-11-20 10:00:00Z",
      "2026-11-20T10:00:00",
      "2026-11-20T10:00:00.Z",
      "2026-11-20T10:00:00+0100",
      "2026-11-20T24:00:00Z",
      "2026-11-20T10:60:00Z",
      "2026-11-20T10:00:61Z",
      "2026-11-20T10:00:60Z",
      "2026-11-20T23:59:60+01:00",
      "2026-11-20T10:00:00+24:00",
      "2026-11-20T10:00:00+01:60",
      "2026-00-20T10:00:00Z",
      "2026-13-20T10:00:00Z",
      "2026-11-00T10:00:00Z",
      "2026-11-31T10:00:00Z",
      "2026-02-29T10:00:00Z",
      "1900-02-29T10:00:00Z",
      "26-11-20T10:00:00Z",
      " 2026-11-20T10:00:00Z",
      "２026-11-20T10:00:00Z",
      "2026-11-20T10:00:00Z\n",
    ],
  },
  "a media type": {
    is: isMediaType,
    yes: ["text/plain", "application/vnd.apache.thrift.binary", "application/json; charset=utf-8", 'a/b;c="d e\\"";f=g', "A/B \t;\tc=d", "a/b+json", "*/*"],
    no: ["", "xyz", "/", "a/", "/b", "a/b/c", "a /b", "a/b;", "a/b; c", "a/b; c=", "a/b; =d", 'a/b; c="d', "a/b, c/d", "é/x", "a/b; c=é"],
  },
  "a type of JSON": {
    is: isJsonType,
    yes: [undefined, "application/json", "text/json", "Application/JSON; charset=utf-8", "application/problem+json", "application/vnd.a+b+json ; x=y"],
    no: ["text/plain", "application/jsonp", "application/xjson", "application/x-ndjson", "application/xml", 'text/plain; x="a/json"', "application/json+xml"],
  },
};

describe.each(Object.entries(kinds))("%s", (_, { is, yes, no }) => {
  test.each(yes.map((value) => [value]))("is %j", (value) => expect(is(value as never)).toBe(true));
  test.each(no.map((value) => [value]))("is not %j", (value) => expect(is(value as never)).toBe(false));
});

describe("what other code writes is taken", () => {
  test("base64 of any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(isBase64(Buffer.from(bytes).toString("base64"))).toBe(true);
      }),
    );
  });

  test("any time of a Date", () => {
    const dates = fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
    fc.assert(
      fc.property(dates, (date) => {
        expect(isTimestamp(date.toISOString())).toBe(true);
      }),
    );
  });

  test("any address of the web, as a URI where it has no fragment", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (text) => {
        expect(isUriReference(text)).toBe(true);
        expect(isAbsoluteUri(text)).toBe(!text.includes("#"));
      }),
    );
  });
});

test("texts made to try the patience of a regular expression are answered at once", () => {
  const begun = performance.now();
  for (const text of [`${"a".repeat(50_000)}^`, `//${"a@".repeat(25_000)}^`, `a:${"/".repeat(50_000)}^`, `//[${":".repeat(50_000)}`]) isUriReference(text);
  for (const text of [`a/b;c="${"\\a".repeat(25_000)}`, `a/b${";c=d".repeat(12_000)};`, `a/b${" ".repeat(50_000)}`]) isMediaType(text);
  isTimestamp(`2026-11-20T10:00:00.${"0".repeat(50_000)}`);
  expect(performance.now() - begun).toBeLessThan(500);
});
