import { expect, test } from "vitest";
import { Believed, BELIEVED } from "../../../src/identity/believed.ts";

/** A world with a clock that stands still, and a count of what was read. */
function world() {
  const state = { now: 1_000, reads: 0, value: "good", isDown: false };
  const believed = new Believed(
    async (name) => {
      state.reads++;
      if (state.isDown) throw new Error("down");
      return `${name}: ${state.value}`;
    },
    () => state.now,
  );
  return { state, believed };
}

test("a revoked key is refused five seconds after the reading began, not a millisecond later", async () => {
  expect(BELIEVED).toBe(5_000);
  const { state, believed } = world();
  const reading = believed.get("a");
  state.now += 400;
  expect(await reading).toBe("a: good");
  state.value = "revoked";
  state.now = 1_000 + BELIEVED - 1;
  expect(believed.get("a")).toBe("a: good");
  expect(state.reads).toBe(1);
  state.now += 1;
  expect(await believed.get("a")).toBe("a: revoked");
  expect(state.reads).toBe(2);
});

test("many who ask at once make one reading, and who asks after it waits for nothing", async () => {
  const { state, believed } = world();
  await Promise.all(Array.from({ length: 50 }, () => believed.get("a")));
  expect(believed.get("a")).not.toBeInstanceOf(Promise);
  expect(state.reads).toBe(1);
});

test("a reading that failed is not believed", async () => {
  const { state, believed } = world();
  state.isDown = true;
  await expect(believed.get("a")).rejects.toThrow("down");
  state.isDown = false;
  expect(await believed.get("a")).toBe("a: good");
});

test("what is known to have changed is read anew", async () => {
  const { state, believed } = world();
  await believed.get("a");
  state.value = "revoked";
  believed.forget("a");
  expect(await believed.get("a")).toBe("a: revoked");
  state.value = "other";
  expect(await believed.fresh("a")).toBe("a: other");
});

test("no more than ten thousand are remembered, the oldest goes first", async () => {
  const { state, believed } = world();
  for (let at = 0; at <= 10_000; at++) await believed.get(`key-${at}`);
  expect(believed.get("key-1")).not.toBeInstanceOf(Promise);
  await believed.get("key-0");
  expect(state.reads).toBe(10_002);
});
