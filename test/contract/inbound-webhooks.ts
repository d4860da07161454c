import type { Section } from "./sentence.ts";

const sources = "test/http/sources.test.ts";
const templates = "test/http/webhook-templates.test.ts";
const proofs = "test/http/webhook-proofs.test.ts";
const github = "test/http/github-deliveries.test.ts";

/** How producers' own requests become events. */
export const inboundWebhooks: Section = {
  section: "Inbound webhooks",
  sentences: [
    { says: "PUT /v1/sources/{source} sets up a source.", tests: [`${sources} › makes a source with 201 and its Location, and changes it with 200`] },
    {
      says: "Its scheme is github, stripe, shopify, slack, standard, hmac or none; another is 422.",
      tests: [
        `${proofs} › is 202 once and 200 ever after, and is one event with the JSON that came`,
        `${sources} › refuses %s with 422 and the path, and never says the secret`,
        "test/http/webhook-openapi.test.ts › takes what the platform takes: %j",
      ],
    },
    { says: "Its secret is never shown again.", tests: [`${sources} › a source's secret is in no answer: not in its own, not in the log, not in the streams`] },
    {
      says: "type, stream and id are templates over headers and body.",
      tests: [
        `${templates} › name its events, in the place of the scheme's defaults`,
        `${templates} › are for every scheme, also where its own headers are missing`,
      ],
    },
    {
      says: "They have good defaults for each scheme.",
      tests: [
        "test/http/webhook-stripe.test.ts › %s",
        "test/http/webhook-shopify.test.ts › has its topic as type, its shop, resource and id to the digit as stream, and the time it was triggered",
        "test/http/webhook-slack.test.ts › %s has its id, its inner type, its team and channel, and its time",
        "test/http/webhook-standard.test.ts › has the delivery's id, the source's name and its type, its data's id as stream, and its timestamp to the character",
        "test/http/webhook-hmac.test.ts › has the id of its header, else its body's hash",
      ],
    },
    {
      says: "hmac takes header, algorithm, encoding, and may have prefix, timestampHeader and tolerance.",
      tests: [
        "test/http/webhook-hmac.test.ts › is proved in every algorithm and encoding that its settings can name",
        "test/http/webhook-hmac.test.ts › has the window that its settings name",
        `${templates} › a PUT with settings of another scheme is 422 › %s`,
      ],
    },
    {
      says: "none wants the usual key.",
      tests: [
        "test/http/webhook-none.test.ts › takes what comes with a key, once, as done by that key",
        "test/http/webhook-none.test.ts › is 401 with %s, before the body is looked at, and nothing is stored",
      ],
    },
    {
      says: "POST /v1/webhooks/{tenant}/{source} takes the producer's request as it is.",
      tests: [`${github} › keeps its JSON as it came`, "test/http/github-payloads.test.ts › %s (%i)", `${github} › is its payload field, to the character`],
    },
    { says: "202 when it is appended.", tests: [`${proofs} › is 202 once and 200 ever after, and is one event with the JSON that came`] },
    {
      says: "200 when this delivery was already seen.",
      tests: [
        `${proofs} › is 202 once and 200 ever after, and is one event with the JSON that came`,
        "test/http/github-payloads.test.ts › each repeat is 200, with the first answer's event, and nothing grows",
      ],
    },
    {
      says: "401 with WWW-Authenticate: Signature when the signature is wrong.",
      tests: [
        `${proofs} › is 401 under another secret`,
        `${proofs} › is 401 with a byte of its body changed, added or taken away`,
        "test/http/github-forgeries.test.ts › signed with another secret, or with none",
      ],
    },
    {
      says: "401 when its timestamp is wrong.",
      tests: [
        `${proofs} › is taken within 300 seconds of its timestamp, and is 401 before and after`,
        `${proofs} › is 401 with a timestamp that was moved into the window`,
      ],
    },
    {
      says: "An unknown tenant and an unknown source are the same 404.",
      tests: ["test/http/github-forgeries.test.ts › an unknown tenant and an unknown source are the same 404"],
    },
    { says: "Slack's handshake is answered.", tests: ["test/http/webhook-slack.test.ts › is answered with 200 and itself, and leaves no event"] },
    { says: "Others' handshakes are answered: GitHub's ping is a delivery.", tests: [`${github} › is taken like any delivery`] },
    { says: "Of GitHub the event's id is the delivery's.", tests: [`${github} › has the delivery's id, the source's name as source and no key as actor`] },
    {
      says: "Its type is github.<event> or github.<event>.<action>.",
      tests: [`${github} › type is that of its event, with its action`, "test/http/github-payloads.test.ts › %s (%i)"],
    },
    {
      says: "Its stream is github-<owner>:<repo>, else the organisation's login, else the sender's, else unknown.",
      tests: [
        `${github} › the stream of a delivery is that of its › %s`,
        "test/http/github-payloads.test.ts › every stream holds its payloads to the character, once each",
      ],
    },
    { says: "Its data is the payload.", tests: ["test/http/github-payloads.test.ts › %s (%i)", `${github} › is its payload field, to the character`] },
    { says: "Its source is /webhooks/github.", tests: [`${github} › has the delivery's id, the source's name as source and no key as actor`] },
    {
      says: "The other schemes' are by the same idea, and README has the table.",
      tests: ["test/unit/webhook-readme.test.ts › README's table of webhooks is the table of schemes", "test/http/webhook-stripe.test.ts › %s"],
    },
  ],
};
