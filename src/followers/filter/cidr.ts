/** An address as groups of 16 bits: two of IPv4, eight of IPv6. */
type Address = readonly number[];

/** A block of addresses. */
export interface Cidr {
  readonly groups: Address;
  /** Which bits of a group count. */
  readonly masks: readonly number[];
}

/** The longest text that is an address: IPv6 that ends in IPv4. */
const LONGEST_ADDRESS = 45;

/** A block such as 10.0.0.0/8 or 2001:db8::/32; undefined where the text is none. Bits behind the prefix do not count. */
export function readCidr(text: string): Cidr | undefined {
  const parts = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = readAddress(parts?.[1] ?? "");
  if (parts === null || address === undefined) return undefined;
  const prefix = Number(parts[2]);
  if (prefix > address.length * 16) return undefined;
  const masks = address.map((_, i) => (0xffff << (16 - Math.min(Math.max(prefix - i * 16, 0), 16))) & 0xffff);
  return { groups: address.map((group, i) => group & (masks[i] as number)), masks };
}

/** Whether a text is an address of the block. An IPv4 address is in no block of IPv6. */
export function cidrContains({ groups, masks }: Cidr, text: string): boolean {
  const address = readAddress(text);
  return address !== undefined && address.length === groups.length && groups.every((group, i) => ((address[i] as number) & (masks[i] as number)) === group);
}

function readAddress(text: string): Address | undefined {
  if (text.length > LONGEST_ADDRESS) return undefined;
  return text.includes(":") ? readV6(text) : readV4(text);
}

/** Four decimal numbers without leading zeros, which others read as octal. */
function readV4(text: string): Address | undefined {
  const bytes = text.split(".");
  if (bytes.length !== 4 || !bytes.every((byte) => /^(0|[1-9]\d{0,2})$/.test(byte) && Number(byte) <= 255)) return undefined;
  const [a, b, c, d] = bytes.map(Number) as [number, number, number, number];
  return [(a << 8) | b, (c << 8) | d];
}

/** RFC 4291, section 2.2: eight groups, `::` once for a run of zeros, the last two as IPv4. */
function readV6(text: string): Address | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = [readGroups(halves[0] as string, halves.length === 1), readGroups(halves[1] ?? "", true)];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

function readGroups(text: string, isLast: boolean): Address | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const words = text.split(":");
  for (const [i, word] of words.entries()) {
    const v4 = isLast && i === words.length - 1 && word.includes(".") ? readV4(word) : undefined;
    if (v4 !== undefined) groups.push(...v4);
    else if (/^[\da-f]{1,4}$/i.test(word)) groups.push(Number.parseInt(word, 16));
    else return undefined;
  }
  return groups;
}
