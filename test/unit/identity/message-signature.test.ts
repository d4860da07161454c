import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { isDigestOf, messageSignature, signatureBase, uncovered } from "../../../src/identity/message-signature.ts";

const params = '("@method" "@path");created=1618884473;keyid="rvk_acme.x";nonce="0123456789abcdef"';
const signature = `${"A".repeat(43)}=`;
const parsed = (input: string, value = `sig1=:${signature}:`) => messageSignature(new Headers({ "signature-input": input, signature: value }));

describe("the vectors of RFC 9421 and RFC 9530", () => {
  const request = {
    method: "POST",
    url: "http://example.com/foo?param=Value&Pet=dog",
    headers: new Headers({ date: "Tue, 20 Apr 2021 02:07:55 GMT", "content-type": "application/json" }),
  };

  test("hold: the signature with a shared secret (B.2.5)", () => {
    const params = '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
    const base = signatureBase({ components: ["date", "@authority", "content-type"], params }, request);
    expect(base).toBe(
      ['"date": Tue, 20 Apr 2021 02:07:55 GMT', '"@authority": example.com', '"content-type": application/json', `"@signature-params": ${params}`].join("\n"),
    );
    const secret = Buffer.from("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==", "base64");
    expect(createHmac("sha256", secret).update(String(base)).digest("base64")).toBe("pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
  });

  test("hold: the derived components (2.2)", () => {
    const base = signatureBase({ components: ["@method", "@authority", "@path", "@query"], params: "()" }, request);
    expect(base?.split("\n").slice(0, 4)).toEqual(['"@method": POST', '"@authority": example.com', '"@path": /foo', '"@query": ?param=Value&Pet=dog']);
    const bare = signatureBase({ components: ["@path", "@query"], params: "()" }, { ...request, url: "http://example.com" });
    expect(bare?.split("\n").slice(0, 2)).toEqual(['"@path": /', '"@query": ?']);
  });

  test("hold: the digests", () => {
    const body = new TextEncoder().encode('{"hello": "world"}');
    const [short, long] = [
      "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
      "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
    ];
    for (const header of [short, long, `${short}, ${long}`, `md5=:AAAA:, ${short}`]) expect(isDigestOf(header, body), header).toBe(true);
    const other = new TextEncoder().encode('{"hello": "World"}');
    for (const header of [short, long, `${short}, ${long}`]) expect(isDigestOf(header, other), header).toBe(false);
    // Every one that is there must be right, and one that is known must be there.
    for (const header of ["", "md5=:AAAA:", "sha-256=::", short.slice(0, -2), `${short}, sha-512=:AAAA:`, `${short}, x`, short.replaceAll(":", "")])
      expect(isDigestOf(header, body), header).toBe(false);
  });
});

describe("a signature", () => {
  test("is taken apart", () => {
    expect(parsed(`sig1=${params}`)).toEqual({
      components: ["@method", "@path"],
      params,
      created: 1618884473,
      keyid: "rvk_acme.x",
      nonce: "0123456789abcdef",
      signature,
    });
    expect(parsed(`sig1=${params};expires=1618884500;tag="x";alg="hmac-sha256"`)?.expires).toBe(1618884500);
  });

  test.each<[string, string]>([
    ["nothing", ""],
    ["another label than it has", `sig2=${params}`],
    ["two labels", `sig1=${params}, sig2=${params}`],
    ["no time", `sig1=${params.replace("created=1618884473;", "")}`],
    ["a time that is a text", `sig1=${params.replace("1618884473", '"1618884473"')}`],
    ["an end that is a text", `sig1=${params};expires="9999999999"`],
    ["no key", `sig1=${params.replace('keyid="rvk_acme.x";', "")}`],
    ["no nonce", `sig1=${params.replace(';nonce="0123456789abcdef"', "")}`],
    ["a short nonce", `sig1=${params.replace("0123456789abcdef", "0123456789abcde")}`],
    ["a long nonce", `sig1=${params.replace("0123456789abcdef", "0".repeat(129))}`],
    ["a nonce with a space", `sig1=${params.replace("0123456789abcdef", "01234567 9abcdef")}`],
    ["another algorithm", `sig1=${params};alg="rsa-v1_5-sha256"`],
    ["an algorithm that is a number", `sig1=${params};alg=1`],
    ["a parameter twice", `sig1=${params};created=1618884474`],
    ["a parameter that is not known", `sig1=${params};x=1`],
    ["a component twice", `sig1=${params.replace('"@path"', '"@method"')}`],
    ["a component with a parameter", `sig1=${params.replace('"@path"', '"@path";req')}`],
    ["two spaces", `sig1=${params.replace('" "', '"  "')}`],
    ["more behind it", `sig1=${params} `.padEnd(200, "x")],
    ["over 4,096 characters", `sig1=${params.replace('"@path"', Array.from({ length: 600 }, (_, n) => `"x-${n}"`).join(" "))}`],
  ])("with %s is none", (_, input) => {
    expect(parsed(input)).toBeUndefined();
  });

  test.each(["", "sig1", "sig1=::", `sig1=${signature}`, `sig1=:${signature}:, sig2=:${signature}:`, `sig1=:${signature.slice(4)}:`, "sig1=:****:"])(
    "whose value is %j is none",
    (value) => {
      expect(parsed(`sig1=${params}`, value)).toBeUndefined();
    },
  );

  test("has no base where it covers what is not there, or what is not known", () => {
    const request = { method: "GET", url: "http://example.com/", headers: new Headers() };
    for (const name of ["date", "@target-uri", "@status", "@query-param"]) expect(signatureBase({ components: [name], params: "()" }, request)).toBeUndefined();
  });

  test("must cover method, path, a query that is there, and every header that says what the request means", () => {
    const of = (components: readonly string[], url: string, headers: Record<string, string> = {}) =>
      uncovered({ components }, { method: "POST", url, headers: new Headers(headers) });
    const all = ["@method", "@path"];
    expect(of(all, "http://a.example/x", { accept: "a/b", authorization: "x", "x-correlation-id": "c" })).toBeUndefined();
    expect(of(["@path"], "http://a.example/x")).toBe("@method");
    expect(of(["@method"], "http://a.example/x")).toBe("@path");
    expect(of(all, "http://a.example/x?a=1")).toBe("@query");
    for (const name of ["content-type", "content-digest", "idempotency-key", "if-match", "if-none-match", "ce-type"]) {
      expect(of(all, "http://a.example/x", { [name]: "x" })).toBe(name);
      expect(of([...all, name], "http://a.example/x", { [name]: "x" })).toBeUndefined();
    }
  });
});
