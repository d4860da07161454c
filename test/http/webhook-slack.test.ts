import { beforeAll, describe, expect, test } from "vitest";
import { expectProblem, get, newerThan } from "../support/http.ts";
import { deliver, eventOf, idsOf, isNamed, type Named, putProducer } from "./webhook-delivery.ts";
import { type Producer, PRODUCERS } from "./webhook-signers.ts";

const slack = PRODUCERS["slack"] as Producer;
const hmac = PRODUCERS["hmac"] as Producer;
const form = { "content-type": "application/x-www-form-urlencoded" };

beforeAll(async () => {
  await putProducer("slack", slack);
  await putProducer("other", hmac);
});

describe("an event of Slack", () => {
  const time = "2009-02-13T23:31:30.000Z";
  const event = (id: string, event: object, more: object = {}): string =>
    JSON.stringify({ team_id: "T123ABC456", event, type: "event_callback", event_id: id, event_time: 1234567890, ...more });
  test.each<[string, string, Named]>([
    [
      "in a channel",
      event("Ev1", { type: "message", channel: "C123ABC456" }),
      { id: "Ev1", type: "slack.message", stream: "slack-T123ABC456:C123ABC456", time },
    ],
    [
      "about a channel",
      event("Ev2", { type: "channel_created", channel: { id: "C2", name: "new" } }),
      { id: "Ev2", type: "slack.channel_created", stream: "slack-T123ABC456:C2", time },
    ],
    [
      "about a message",
      event("Ev3", { type: "reaction_added", item: { type: "message", channel: "C3" } }),
      { id: "Ev3", type: "slack.reaction_added", stream: "slack-T123ABC456:C3", time },
    ],
    ["of a whole team", event("Ev4", { type: "team_join" }), { id: "Ev4", type: "slack.team_join", stream: "slack-T123ABC456", time }],
    [
      "of an organisation",
      event("Ev5", { type: "team_access_granted" }, { team_id: null, enterprise_id: "E1" }),
      { id: "Ev5", type: "slack.team_access_granted", stream: "slack-E1", time },
    ],
  ])("%s has its id, its inner type, its team and channel, and its time", async (_, body, named) => {
    await isNamed("slack", slack, { id: named.id as string, body }, named);
  });

  test("that is an interaction comes as a form's payload", async () => {
    const json =
      '{"type":"block_actions","team":{"id":"T1","domain":"d"},"channel":{"id":"C9"},"trigger_id":"12466734323.1395872398","n":1.0,"text":"a+b & c=d % é"}';
    const answer = await deliver("slack", slack, { id: "", body: new URLSearchParams({ payload: json }).toString(), headers: form });
    expect(await eventOf(answer, "slack")).toMatchObject({ id: "12466734323.1395872398", type: "slack.block_actions", stream: "slack-T1:C9" });
    expect((await get("/v1/streams/slack-T1:C9/events", newerThan(answer))).text).toContain(`"data":${json}`);
  });

  test("that is a slash command comes as a form, as Slack documents it", async () => {
    const body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const answer = await deliver("slack", slack, { id: "", body, headers: form });
    expect(answer.status, answer.text).toBe(202);
    const event = await eventOf(answer, "slack");
    expect(event).toMatchObject({
      id: "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
      type: "slack.command",
      stream: "slack-T1DC2JH3J:G8PSS9T3V",
    });
    expect(event.data).toEqual(Object.fromEntries(new URLSearchParams(body)));
    expect((await deliver("slack", slack, { id: "", body, headers: form })).status).toBe(200);
    expectProblem(await deliver("slack", slack, { id: "", body, sent: body.replace("foobar", "foobaz"), headers: form }), 401);
  });

  test("without an id of its own has its body's hash", async () => {
    const answer = await deliver("slack", slack, { id: "", body: '{"type":"app_rate_limited","team_id":"T7"}' });
    const event = await eventOf(answer, "slack");
    expect(event).toMatchObject({ id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), type: "slack.app_rate_limited", stream: "slack-T7" });
  });
});

describe("Slack's challenge", () => {
  const body = '{"token":"Jhj5dZrVaK7ZwHHjRyZWjbDl","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}';
  test("is answered with 200 and itself, and leaves no event", async () => {
    const before = await idsOf("slack");
    const answer = await deliver("slack", slack, { id: "", body });
    expect([answer.status, answer.json()]).toEqual([200, { challenge: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P" }]);
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await idsOf("slack")).toEqual(before);
  });

  test("is 401 and not answered where its signature or its time is wrong", async () => {
    for (const more of [{ secret: slack.otherSecret }, { age: 310 }, { age: -310 }, { headers: { "x-slack-signature": undefined } }]) {
      const answer = await deliver("slack", slack, { id: "", body, ...more });
      expectProblem(answer, 401);
      expect(answer.text).not.toContain("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P");
    }
  });

  test("is answered by no other scheme", async () => {
    expect((await deliver("other", hmac, { id: "challenge", body })).status).toBe(202);
  });
});
