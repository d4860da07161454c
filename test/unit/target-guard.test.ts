import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { targetFault } from "../../src/kernel/index.ts";

const PUBLIC = { allowLocal: false };
const ANYWHERE = { allowLocal: true };

/** Hosts, a line or more of them, with blanks between. */
const hosts = (...lines: readonly string[]): readonly string[] => lines.flatMap((line) => line.split(" "));

const REFUSED: Readonly<Record<string, readonly string[]>> = {
  "a loopback address": hosts(
    "127.0.0.1 127.1 127.0.1 127.255.255.254 127.0.0.1. 2130706433 2130706433. 017700000001 0x7f000001 0x7F.1 0x7f.0.0.1",
    "0177.0.0.1 0177.1 00000177.0.0.1 127.0.0x0.0x1 %31%32%37.1 127%2E0%2e0%2E1",
    "１２７.0.0.1 １２７。０。０。１ 127．0．0．1 127｡1 ①②⑦.0.0.1 𝟏𝟐𝟕.0.0.1 127.0.0.\u00ad1",
    "[::1] [0:0:0:0:0:0:0:1] [0000::0001] [::0.0.0.1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::FFFF:7F00:0001] [0:0:0:0:0:ffff:127.1.2.3]",
    "[64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] [2002:7f00:0001::1] [2002:7fff:ffff:1:2:3:4:5]",
  ),
  "an unspecified address": hosts("0.0.0.0 0 0x0 00 0.1.2.3 1 [::] [0:0::0] [::ffff:0.0.0.0] [64:ff9b::] [2002::]"),
  "a private address": hosts(
    "10.0.0.1 10.1 012.0.0.1 0xa.0.0.1 167772161 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 0xc0a80001 192.168.1",
    "[::ffff:10.0.0.1] [::ffff:c0a8:1] [64:ff9b::10.0.0.1] [64:ff9b::172.16.0.1] [2002:a00:1::1] [2002:c0a8:101::] [2002:ac10:1::]",
    "[fc00::] [fd00::2] [fdff:ffff::1] [fd00:ec2::254] [fec0::1]",
  ),
  "a link-local address": hosts("169.254.169.254 169.254.0.1 2852039166 0xa9.0xfe.0xa9.0xfe 0251.0376.0251.0376 169.254.43518 [fe80::1] [febf::1]"),
  "a carrier's own address": hosts("100.64.0.1 100.100.100.200 100.127.255.255 [::ffff:100.64.0.1]"),
  "a multicast address": hosts("224.0.0.1 239.255.255.250 [ff02::1] [ff0e::1] [::ffff:224.0.0.1]"),
  "a reserved address": hosts(
    "192.0.0.1 192.0.2.2 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.9 240.0.0.1 255.255.255.255 4294967295",
    "[2001::1] [2001:0:7f00:1::] [2001:10::1] [2001:db8::1] [3fff::1] [100::1] [5f00::1] [4000::1] [64:ff9b:1::7f00:1]",
    "[::127.0.0.1] [::ffff:0:127.0.0.1] [::2]",
  ),
  "a name of localhost": hosts(
    "localhost LOCALHOST LocalHost. localhost%2E foo.localhost a.b.localhost. ｌｏｃａｌｈｏｓｔ ⓛocalhost local\u00adhost loc\talhost",
  ),
  "a name of local": hosts("printer.local local a.b.LOCAL. printer。local"),
  "a name of internal": hosts("metadata.google.internal metadata.google.internal. METADATA.google.internal instance-data.ec2.internal host.docker.internal"),
  "a name of localdomain": ["localhost.localdomain"],
  "a name of lan": ["nas.lan"],
  "a name of home.arpa": ["router.home.arpa"],
  "a name of corp": ["wiki.corp"],
  "a name that is not whole": hosts("metadata redis server. kubernetes 127.0.0.1.. 10.0.0.1.. localhost.. shop..example .example.com"),
};

const ALLOWED = hosts(
  "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0",
  "172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 16843009",
  "[2606:4700:4700::1111] [2a00::1] [2400:cb00::] [2001:200::1] [2001:db7::1] [2001:db9::1] [::ffff:1.1.1.1] [64:ff9b::1.1.1.1] [2002:101:101::1]",
  "shop.example example.com example.com. EXAMPLE.com hooks.shop.example bücher.example xn--bcher-kva.example 日本語.jp",
  "localhost.example.com local.example mylocalhost.com notlocal.host internal.example.com lan.party 127.0.0.1.example.com 1.2.3.4.example.com",
);

describe("without local targets", () => {
  const spelt = Object.entries(REFUSED).flatMap(([what, hosts]) => hosts.map((host) => [host, what] as const));

  test.each(spelt)("%s is refused: %s", (host, what) => {
    for (const scheme of ["http", "https", "HTTP"]) {
      expect(targetFault(`${scheme}://${host}/hook`, PUBLIC)).toBe(`Expected a public host, got ${what}`);
      expect(targetFault(`${scheme}://${host}:8080/hook?x=1`, PUBLIC)).toBe(`Expected a public host, got ${what}`);
    }
  });

  test.each(ALLOWED)("%s is allowed", (host) => {
    expect(targetFault(`https://${host}/hook`, PUBLIC)).toBeUndefined();
    expect(targetFault(`http://${host}:8080`, PUBLIC)).toBeUndefined();
  });

  test.each(["http:127.0.0.1", "http:/127.0.0.1/", "http:\\\\127.0.0.1", "http:///127.0.0.1", " http://127.0.0.1\n", "ht\ntp://127.0.0.1", "https:127.1"])(
    "%j, which a URL parser takes for a whole URL, is refused",
    (url) => expect(targetFault(url, PUBLIC)).toBe("Expected a public host, got a loopback address"),
  );

  test.each(["http://shop.example:22/", "http://shop.example:25", "https://shop.example:6667/x", "https://shop.example:993"])(
    "%s is refused: another protocol's port",
    (url) => {
      expect(targetFault(url, PUBLIC)).toMatch(/^Expected a port that HTTP is spoken at, got \d+$/);
    },
  );
});

describe("with or without local targets", () => {
  test.each([
    "",
    "shop.example",
    "/hook",
    "//shop.example/hook",
    "http://",
    "http://[::1",
    "http://a b/",
    "http://999.1.1.1/",
    "http://[fe80::1%25eth0]/",
    "http://shop.example:70000",
  ])("%j is refused: it is no URL", (url) => {
    expect(targetFault(url, PUBLIC)).toMatch(/^Expected a URL, such as/);
    expect(targetFault(url, ANYWHERE)).toMatch(/^Expected a URL, such as/);
  });

  test.each([
    "ftp://shop.example/",
    "file:///etc/passwd",
    "ws://shop.example/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "gopher://127.0.0.1/",
    "blob:https://shop.example/x",
  ])("%s is refused: it is of another scheme", (url) => {
    expect(targetFault(url, PUBLIC)).toBe("Expected a URL of https or http");
    expect(targetFault(url, ANYWHERE)).toBe("Expected a URL of https or http");
  });

  test.each([
    "https://user:word@shop.example/",
    "https://user@shop.example/",
    "https://:word@shop.example/",
    "http://shop.example@127.0.0.1/",
    "http://127.0.0.1%40x:y@shop.example/",
  ])("%s is refused: it has a user name or a password", (url) => {
    expect(targetFault(url, PUBLIC)).toMatch(/^Expected a URL without a user name and password/);
    expect(targetFault(url, ANYWHERE)).toMatch(/^Expected a URL without a user name and password/);
  });

  test("port 0 is refused", () => {
    expect(targetFault("http://shop.example:0/", PUBLIC)).toBe("Expected a port from 1 to 65535");
    expect(targetFault("http://127.0.0.1:0/", ANYWHERE)).toBe("Expected a port from 1 to 65535");
  });
});

test("with local targets every host and port is allowed", () => {
  for (const host of [...Object.values(REFUSED).flat(), ...ALLOWED]) expect(targetFault(`http://${host}:6000/hook`, ANYWHERE)).toBeUndefined();
});

type Parts = readonly [number, number, number, number];

/** Of an address of IPv4 all that a URL may be given for it. */
function spellings([a, b, c, d]: Parts): readonly string[] {
  const octal = (value: number): string => `0${value.toString(8)}`;
  const hex = (value: number): string => `0x${value.toString(16)}`;
  const forms: readonly ((value: number) => string)[] = [String, octal, hex, (value) => hex(value).toUpperCase(), (value) => `0000${octal(value)}`];
  const shapes: readonly (readonly number[])[] = [[a, b, c, d], [a, b, c * 256 + d], [a, (b * 256 + c) * 256 + d], [((a * 256 + b) * 256 + c) * 256 + d]];
  const ascii = shapes.flatMap((shape) => forms.map((form) => shape.map(form).join(".")));
  const wide = [...`${a}.${b}.${c}.${d}`].map((char) => (char === "." ? "。" : String.fromCodePoint(0xff10 + Number(char)))).join("");
  const [high, low] = [a * 256 + b, c * 256 + d].map((group) => group.toString(16));
  const carried = [
    `[::ffff:${high}:${low}]`,
    `[::FFFF:${a}.${b}.${c}.${d}]`,
    `[64:ff9b::${high}:${low}]`,
    `[64:ff9b::${a}.${b}.${c}.${d}]`,
    `[2002:${high}:${low}::1]`,
  ];
  return [...ascii, ...ascii.map((text) => `${text}.`), wide, ...carried];
}

/** By hand and not by table, so that the two can disagree. */
function isPublic([a, b, c]: Parts): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  if ((a === 100 && b >= 64 && b <= 127) || (a === 169 && b === 254) || (a === 172 && b >= 16 && b <= 31)) return false;
  if (a === 192) return !(b === 168 || (b === 0 && (c === 0 || c === 2)) || (b === 88 && c === 99));
  if (a === 198) return !(b === 18 || b === 19 || (b === 51 && c === 100));
  return !(a === 203 && b === 0 && c === 113);
}

test("any address of IPv4, in each of its 46 spellings, is refused exactly where it is not public", () => {
  const byte = fc.nat(255);
  const near = fc
    .constantFrom(
      ...hosts(
        "0.0.0 10.0.0 100.63.255 100.64.0 100.127.255 100.128.0 127.0.0 169.254.169 172.15.255 172.16.0 172.31.255 172.32.0",
        "192.0.0 192.0.2 192.88.99 192.168.0 198.18.0 198.51.100 203.0.113 224.0.0",
      ),
    )
    .map((text) => text.split(".").map(Number) as unknown as readonly [number, number, number]);
  const address = fc.oneof(
    fc.tuple(byte, byte, byte, byte),
    fc.tuple(near, byte).map(([[a, b, c], d]) => [a, b, c, d] as const),
  );
  fc.assert(
    fc.property(address, (parts) => {
      const all = spellings(parts);
      expect(all).toHaveLength(46);
      const faults = all.map((host) => targetFault(`https://${host}/`, PUBLIC));
      if (isPublic(parts)) expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
      else expect(faults.filter((fault) => !/^Expected a public host, got an? .+ address$/.test(fault ?? ""))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test("no host of any spelling makes it throw", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.webUrl(),
        fc.ipV6().map((address) => `http://[${address}]/`),
        fc.string({ unit: "binary" }).map((text) => `http://${text}`),
        fc.domain().map((name) => `https://${name}`),
      ),
      (url) => {
        const fault = targetFault(url, PUBLIC);
        expect(fault ?? "Expected").toMatch(/^Expected/);
      },
    ),
    { numRuns: 500 },
  );
});
