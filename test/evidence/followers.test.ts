import { beforeAll, describe, expect, test } from "vitest";
import { type FollowerRun, runFollowers } from "./followers/run.ts";
import { DECLARED } from "./followers/subscriptions.ts";
import { tell } from "./told.ts";

/** Told when a test fails, so that it can be run again; what the machine does in between is its own chance. */
const SEED = Number(process.env["SEED"] ?? Date.now() % 100_000);
const EVENTS = Number(process.env["EVENTS"] ?? 1_000);

describe(`followers whose receivers fail, under kills of both sides (SEED=${SEED})`, () => {
  let run: FollowerRun;
  beforeAll(async () => {
    run = await runFollowers({ events: EVENTS, seed: SEED });
    const { requests, refused, taken, repeated, rounds, replay, seconds } = run;
    const what = [
      `${EVENTS} events × ${DECLARED.length} subscriptions in ${seconds} s`,
      `${rounds.outstanding.length} kills of the server, ${rounds.receiverKills} of the receiver`,
      `${requests} requests, ${refused} of them failed`,
      `${taken} different deliveries, ${repeated} came again`,
      `${replay.replayed} replayed beside ${replay.live} live ones`,
      `${run.violations.length} violations`,
    ];
    tell("followers", what.join("; "));
  }, 1_800_000);

  test("every subscription gets every event that it wants, nothing else, each stream in its order, and nothing is parked wrongly", () => {
    expect(run.violations.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([]);
  });

  test("the trial was one: a third of the requests failed, deliveries were outstanding at each kill, and some came again", () => {
    expect(DECLARED).toHaveLength(20);
    expect(run.taken).toBeGreaterThan(5 * EVENTS);
    expect(run.refused / run.requests).toBeGreaterThan(0.25);
    expect(run.refused / run.requests).toBeLessThan(0.5);
    expect(run.repeated).toBeGreaterThan(0);
    expect(run.rounds.outstanding).toHaveLength(2);
    for (const outstanding of run.rounds.outstanding) expect(outstanding).toBeGreaterThan(EVENTS / 10);
    expect(run.rounds.receiverKills).toBe(2);
  });

  test("a subscription that is paused gets nothing, and, resumed, all that came meanwhile", () => {
    expect(run.rounds.whilePaused).toBe(0);
    expect(run.rounds.missedByPaused).toBeGreaterThan(EVENTS / 10);
  });

  test("a poison event parks its stream alone, with every attempt, and a redrive delivers it and what waited behind it, in order", () => {
    const { seen, kept, waitingBehind, behind, redriven, expected, lettersLeft } = run.poison;
    expect(kept).toEqual([500, 500, 500, 500, 500]);
    expect(seen).toBe(kept.length);
    expect(behind).toBeGreaterThan(1);
    expect(waitingBehind).toBe(behind);
    expect(redriven).toEqual(expected);
    expect(lettersLeft).toBe(0);
  });

  test("a replay of the whole log arrives in order, beside live traffic, though its receiver fails", () => {
    const { replayed, requests, live, between, state, delivered } = run.replay;
    expect(replayed).toBeGreaterThanOrEqual(EVENTS);
    expect([state, delivered]).toEqual(["done", replayed]);
    expect(requests).toBeGreaterThan(replayed);
    expect(live).toBe(100);
    expect(between).toBeGreaterThan(0);
  });

  test("a receiver that is down gets ten requests, then one probe a pause, each pause longer; and everything once it is back", () => {
    const { whileDown, afterwards, pauses, events, taken, said } = run.outage;
    expect(whileDown).toBe(12);
    expect(pauses).toEqual([true, true]);
    expect([afterwards, taken]).toEqual([events, events]);
    expect(said).toEqual(["rivulet.SubscriptionFailing", "rivulet.SubscriptionRecovered"]);
  });
});
