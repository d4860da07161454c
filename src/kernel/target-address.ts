type Block = readonly [first: string, bits: number, what: string];

/** Where nobody of the public is (https://www.iana.org/assignments/iana-ipv4-special-registry). */
const IPV4: readonly Block[] = [
  ["0.0.0.0", 8, "an unspecified"],
  ["10.0.0.0", 8, "a private"],
  ["100.64.0.0", 10, "a carrier's own"],
  ["127.0.0.0", 8, "a loopback"],
  ["169.254.0.0", 16, "a link-local"],
  ["172.16.0.0", 12, "a private"],
  ["192.0.0.0", 24, "a reserved"],
  ["192.0.2.0", 24, "a reserved"],
  ["192.88.99.0", 24, "a reserved"],
  ["192.168.0.0", 16, "a private"],
  ["198.18.0.0", 15, "a reserved"],
  ["198.51.100.0", 24, "a reserved"],
  ["203.0.113.0", 24, "a reserved"],
  ["224.0.0.0", 4, "a multicast"],
  ["240.0.0.0", 4, "a reserved"],
];

/** https://www.iana.org/assignments/iana-ipv6-special-registry. */
const IPV6: readonly Block[] = [
  ["::", 128, "an unspecified"],
  ["::1", 128, "a loopback"],
  ["fc00::", 7, "a private"],
  ["fe80::", 10, "a link-local"],
  ["fec0::", 10, "a private"],
  ["ff00::", 8, "a multicast"],
  ["2001::", 23, "a reserved"],
  ["2001:db8::", 32, "a reserved"],
  ["3fff::", 20, "a reserved"],
];

/** The public ones of IPv6; all else is reserved. */
const GLOBAL_UNICAST = ["2000::", 3] as const;

/** Blocks of IPv6 whose addresses carry one of IPv4, from this bit on: mapped, NAT64 (RFC 6052), 6to4 (RFC 3056). It is that one that counts. */
const CARRIERS: readonly (readonly [first: string, bits: number, from: number])[] = [
  ["::ffff:0:0", 96, 96],
  ["64:ff9b::", 96, 96],
  ["2002::", 16, 16],
];

/** The URL standard leaves IPv4 no other spelling. */
const DOTTED = /^\d+\.\d+\.\d+\.\d+$/;

/** Whether a host is an address and not a name. */
export function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || DOTTED.test(hostname);
}

/** What is wrong with a host that is an address, as the URL standard writes it; undefined for a public one, and for a name. */
export function addressFault(hostname: string): string | undefined {
  const what = hostname.startsWith("[") ? kindOfIpv6(ipv6(hostname.slice(1, -1))) : DOTTED.test(hostname) ? kindOf(IPV4, ipv4(hostname), 32) : undefined;
  return what === undefined ? undefined : `Expected a public host, got ${what} address`;
}

function kindOfIpv6(address: bigint): string | undefined {
  const carrier = CARRIERS.find(([first, bits]) => isIn(address, ipv6(first), bits, 128));
  if (carrier !== undefined) return kindOf(IPV4, BigInt.asUintN(32, address >> BigInt(96 - carrier[2])), 32);
  const isGlobal = isIn(address, ipv6(GLOBAL_UNICAST[0]), GLOBAL_UNICAST[1], 128);
  return kindOf(IPV6, address, 128) ?? (isGlobal ? undefined : "a reserved");
}

function kindOf(blocks: readonly Block[], address: bigint, length: 32 | 128): string | undefined {
  return blocks.find(([first, bits]) => isIn(address, length === 32 ? ipv4(first) : ipv6(first), bits, length))?.[2];
}

function isIn(address: bigint, first: bigint, bits: number, length: 32 | 128): boolean {
  const rest = BigInt(length - bits);
  return address >> rest === first >> rest;
}

function ipv4(text: string): bigint {
  return text.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

/** Of groups of hexadecimal digits, with `::` for those that are zero. */
function ipv6(text: string): bigint {
  const [head = [], tail = []] = text.split("::").map((side) => side.split(":").filter((group) => group !== ""));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  return [...head, ...zeros, ...tail].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}
