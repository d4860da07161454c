import { addressFault, isAddress } from "./target-address.ts";

/** What a target may be besides a public host. */
export interface TargetOptions {
  /** Any host will do, and any port: for tests and work on one machine. */
  readonly allowLocal: boolean;
}

/** Names that stand for nothing on the public internet: RFC 6761, 6762, 8375, ICANN's `internal`, and what routers and offices use. */
const LOCAL_NAMES = ["localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa"];

/** Ports of other protocols, which the Fetch standard calls nobody at (https://fetch.spec.whatwg.org/#port-blocking). */
const OTHER_PROTOCOLS = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137,
  139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/**
 * Why requests of ours may not go to this URL, in a sentence that begins with "Expected"; undefined where they may. It looks at what
 * is written only: where a name leads, the network's own policy says when it is called.
 */
export function targetFault(url: string, { allowLocal }: TargetOptions): string | undefined {
  const target = URL.parse(url);
  if (target === null) return "Expected a URL, such as https://shop.example/hook";
  const { protocol, username, password, port, hostname } = target;
  if (protocol !== "https:" && protocol !== "http:") return "Expected a URL of https or http";
  if (username !== "" || password !== "") return "Expected a URL without a user name and password: a header can carry them";
  if (port === "0") return "Expected a port from 1 to 65535";
  if (allowLocal) return undefined;
  if (OTHER_PROTOCOLS.has(Number(port || 443))) return `Expected a port that HTTP is spoken at, got ${port}`;
  return isAddress(hostname) ? addressFault(hostname) : nameFault(hostname);
}

/** Of a host name as the URL standard writes it: in small letters, and in ASCII. */
function nameFault(hostname: string): string | undefined {
  const name = hostname.replace(/\.$/, "");
  const labels = name.split(".");
  const local = LOCAL_NAMES.find((local) => name === local || name.endsWith(`.${local}`));
  if (local !== undefined) return `Expected a public host, got a name of ${local}`;
  if (labels.length === 1 || labels.includes("")) return "Expected a public host, got a name that is not whole";
  return undefined;
}
