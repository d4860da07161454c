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

test("who asks for many that are not there puts out none that is, and is remembered for no more than a thousand of them", async () => {
  let reads = 0;
  const believed = new Believed(
    async (name: string) => {
      reads++;
      return name.startsWith("good");
    },
    () => 1_000,
    (isThere) => isThere,
  );
  for (let at = 0; at < 100; at++) await believed.get(`good-${at}`);
  for (let at = 0; at < 12_000; at++) await believed.get(`forged-${at}`);
  for (let at = 0; at < 100; at++) expect(believed.get(`good-${at}`)).toBe(true);
  expect(believed.get("forged-11999")).toBe(false);
  expect(believed.get("forged-11000")).toBe(false);
  expect(reads).toBe(12_100);
  await believed.get("forged-10999");
  expect(reads).toBe(12_101);
});

test("what changed while it was read is not believed", async () => {
  const { state, believed } = world();
  const reading = believed.get("a");
  believed.forget("a");
  await reading;
  await believed.get("a");
  expect(state.reads).toBe(2);
});
