import { genericDefaults, genericId } from "./generic-defaults.ts";
import { type HashName, verifyHmac } from "./hmac.ts";
import type { Scheme } from "./scheme.ts";

/** Any producer that signs its body, or `<timestamp>.<body>`, with an HMAC in a header: which one, and how it is written, are the source's settings. */
export const genericHmac: Scheme = {
  signature: {
    says: "the header `header` over the body; with `timestampHeader` over `<timestamp>.<body>`, 300 s or `tolerance`",
    claim({ headers, body }, settings) {
      if (settings === undefined) return undefined;
      const { header, encoding, prefix = "", timestampHeader } = settings;
      const given = headers.get(header);
      const timestamp = timestampHeader === undefined ? undefined : headers.get(timestampHeader);
      if (!given?.startsWith(prefix) || timestamp === null) return undefined;
      const signatures = { encoding, anyOf: [given.slice(prefix.length)] };
      return timestamp === undefined ? { signatures, signed: body } : { signatures, signed: [timestamp, ".", body], timestamp };
    },
    async verify({ signatures, signed }, secret, settings) {
      return settings !== undefined && verifyHmac(settings.algorithm.replace("sha", "SHA-") as HashName, secret, signatures, signed);
    },
  },
  form: "fields",
  id: genericId,
  ...genericDefaults,
};
