import { z } from "zod";
import { isLongerThan, PRIORITIES } from "../kernel/index.ts";
import { type HmacSettings, hmacSettings } from "./hmac-settings.ts";
import { SCHEME_NAMES, type SchemeName, schemeOf } from "./schemes.ts";
import { MAX_TEMPLATE_LENGTH, type TemplateName, templateFault } from "./templates.ts";

const secret = z.string().min(1).max(1024);

const proof = {
  secret: secret.optional().describe("What the producer signs with, as it shows it; for `standard` also a public key, `whpk_…`. Sealed, and never shown again"),
  secrets: z
    .array(secret)
    .min(1)
    .max(2)
    .optional()
    .describe("In the place of `secret` while it changes: the current one, and the previous one, which counts as well until it is left out"),
};

/** In either of the spellings that are in use; kept in the first. */
const algorithm = z
  .enum([...hmacSettings.shape.algorithm.options, "SHA-1", "SHA-256", "SHA-384", "SHA-512"])
  .transform((name) => name.toLowerCase().replace("-", "") as HmacSettings["algorithm"])
  .describe("The hash of the HMAC");

function template(name: TemplateName, description: string) {
  return z
    .string()
    .max(MAX_TEMPLATE_LENGTH)
    .superRefine((text, context) => {
      const fault = isLongerThan(text, MAX_TEMPLATE_LENGTH) ? undefined : templateFault(name, text);
      if (fault) context.addIssue({ code: "custom", message: `At character ${fault.at}: ${fault.message}` });
    })
    .optional()
    .describe(`${description}. Text, with \`{header.<Name>}\` and \`{body.<path>}\` for values of the delivery. Left out: the scheme's default`);
}

const named = {
  priority: z.enum(PRIORITIES).optional().describe("Of its events, `normal` where left out; `critical` needs the scope events:critical"),
  type: template("type", "The event's type, such as `stripe.{body.type}`"),
  stream: template("stream", "The event's stream, such as `order-{body.data.object.id}`"),
  id: template("id", "The event's id, such as `{header.X-Request-Id}`: what has been seen with the same data is not appended again"),
};

/** The schemes that are set up with a secret and nothing else. */
const PLAIN = SCHEME_NAMES.filter((name): name is Exclude<SchemeName, "hmac" | "none"> => name !== "hmac" && name !== "none");

/** What sets up a source: the body of `PUT /v1/sources/{source}`. */
export const sourceSettings = z
  .discriminatedUnion(
    "scheme",
    [
      z.strictObject({ scheme: z.enum(PLAIN), ...proof, ...named }),
      z.strictObject({ scheme: z.literal("hmac"), ...proof, ...hmacSettings.shape, algorithm, ...named }),
      z.strictObject({
        scheme: z.literal("none").describe("Nothing is signed: deliveries carry a key, as `Authorization: Bearer`"),
        secret: z.string().max(1024).optional().describe("Not needed, and not kept"),
        ...named,
      }),
    ],
    { error: `Expected a scheme: ${SCHEME_NAMES.join(", ")}` },
  )
  .superRefine((settings, context) => {
    if (settings.scheme === "none") return;
    if (settings.scheme === "hmac" && settings.tolerance !== undefined && settings.timestampHeader === undefined)
      context.addIssue({ code: "custom", path: ["tolerance"], message: "Expected timestampHeader too: without it nothing has a time" });
    const given = secretsOf(settings);
    if (settings.secret !== undefined && settings.secrets !== undefined)
      context.addIssue({ code: "custom", path: ["secrets"], message: "Expected one of secret and secrets, got both" });
    if (settings.secret === undefined && settings.secrets === undefined)
      context.addIssue({ code: "custom", path: ["secret"], message: "Expected secret, or secrets with the current and the previous one" });
    if (given.length === 2 && given[0] === given[1])
      context.addIssue({ code: "custom", path: ["secrets", 1], message: "Expected another secret than the first" });
    const { signature } = schemeOf(settings.scheme);
    for (const [index, secret] of given.entries()) {
      const fault = signature?.secretFault?.(secret);
      if (fault !== undefined) context.addIssue({ code: "custom", path: settings.secrets === undefined ? ["secret"] : ["secrets", index], message: fault });
    }
  });

export type SourceSettings = z.output<typeof sourceSettings>;

/** The secrets of a source, the current one first; none where the scheme has none. */
export function secretsOf(settings: SourceSettings): readonly string[] {
  if (settings.scheme === "none") return [];
  return settings.secrets ?? (settings.secret === undefined ? [] : [settings.secret]);
}

/** The settings that are no secret, as the aggregate keeps them; what was left out is left out. */
export function openSettingsOf(settings: SourceSettings) {
  const { scheme, priority, type, stream, id } = settings;
  const named = {
    ...(priority !== undefined && { priority }),
    ...(type !== undefined && { type }),
    ...(stream !== undefined && { stream }),
    ...(id !== undefined && { id }),
  };
  return { scheme, ...named, ...(settings.scheme === "hmac" && { hmac: hmacSettings.parse(settings) }) };
}
