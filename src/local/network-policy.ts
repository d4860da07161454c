import { getCACertificates, rootCertificates } from "node:tls";

/** The worker that all outgoing requests pass through. */
export const OUTSIDE = "outside";

/** What the runtime does not count as "public" in IPv4; addresses of IPv6 lead there too, by NAT64 (RFC 6052) and 6to4 (RFC 3056). */
const PRIVATE_IPV4 = ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"];
/** What it does, though nobody of the public is there (https://www.iana.org/assignments/iana-ipv4-special-registry, and IPv6's). */
const SPECIAL_IPV4 = ["0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"];
const SPECIAL_IPV6 = ["::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "4000::/2", "8000::/1"];

/**
 * A worker whose only binding is the network, as far as it is open: of a name, the addresses count that it leads to at that moment.
 * By itself Miniflare opens private addresses to every worker, and gives no other place for a policy than a worker in between.
 */
export function outside({ allowLocal }: { readonly allowLocal: boolean }) {
  const trustedCertificates = [...(process.platform === "win32" ? rootCertificates : []), ...getCACertificates("extra")];
  const network = {
    allow: allowLocal ? ["public", "private"] : ["public"],
    deny: allowLocal ? [] : [...SPECIAL_IPV4, ...SPECIAL_IPV6, ...[...SPECIAL_IPV4, ...PRIVATE_IPV4].flatMap(carriersOf)],
    tlsOptions: { trustBrowserCas: true, trustedCertificates },
  };
  return {
    name: OUTSIDE,
    modules: true,
    script: "export default { fetch: (request, { NETWORK }) => NETWORK.fetch(request) };",
    compatibilityDate: "2026-10-20",
    serviceBindings: { NETWORK: { network } },
  } as const;
}

/** A block of IPv4 as it stands within NAT64 and 6to4. */
function carriersOf(block: string): readonly string[] {
  const [address = "", bits = ""] = block.split("/");
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const [high, low] = [(a << 8) | b, (c << 8) | d].map((group) => group.toString(16));
  return [`64:ff9b::${high}:${low}/${96 + Number(bits)}`, `2002:${high}:${low}::/${16 + Number(bits)}`];
}
