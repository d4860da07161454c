import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keys } from "../../src/local/keys.ts";
import { localSettings } from "../../src/local/settings.ts";
import { newFolder } from "./server.ts";

const newFile = async (): Promise<string> => join(await newFolder(), ".dev.vars");
const modeOf = async (file: string): Promise<string> => ((await stat(file)).mode & 0o777).toString(8);

test("keys come from the environment, and then nothing is written", async () => {
  const file = await newFile();
  expect(await keys({ ADMIN_KEY: "a", MASTER_KEY: "m" }, file)).toEqual({ values: { ADMIN_KEY: "a", MASTER_KEY: "m" }, made: [] });
  await expect(stat(file)).rejects.toThrow("ENOENT");
});

test("keys that are nowhere are made, at random, into a file for its owner alone, and are the same from then on", async () => {
  const file = await newFile();
  const first = await keys({}, file);
  expect(first.made).toEqual(["ADMIN_KEY", "MASTER_KEY"]);
  for (const value of Object.values(first.values)) expect(value).toMatch(/^[\w-]{43}$/);
  expect(first.values.ADMIN_KEY).not.toBe(first.values.MASTER_KEY);
  expect(await modeOf(file)).toBe("600");
  expect(await keys({}, file)).toEqual({ ...first, made: [] });
  expect((await keys({}, await newFile())).values).not.toEqual(first.values);
});

test("the environment goes before the file, the file before a new key; an empty value is none", async () => {
  const file = await newFile();
  await writeFile(file, "# mine\nexport ADMIN_KEY='in the file'\nMASTER_KEY=\nOTHER=kept", { mode: 0o644 });
  const found = await keys({ ADMIN_KEY: "" }, file);
  expect(found.values.ADMIN_KEY).toBe("in the file");
  expect(found.made).toEqual(["MASTER_KEY"]);
  expect(await readFile(file, "utf8")).toBe(`# mine\nexport ADMIN_KEY='in the file'\nMASTER_KEY=\nOTHER=kept\nMASTER_KEY=${found.values.MASTER_KEY}\n`);
  expect(await modeOf(file)).toBe("600");
  expect((await keys({ ADMIN_KEY: "of the environment" }, file)).values.ADMIN_KEY).toBe("of the environment");
});

test("starts that make keys at the same moment agree on them", async () => {
  const file = await newFile();
  const found = await Promise.all(Array.from({ length: 8 }, () => keys({}, file)));
  expect(new Set(found.map(({ values }) => JSON.stringify(values))).size).toBe(1);
  expect(found.filter(({ made }) => made.length > 0)).toHaveLength(1);
});

test("ALLOW_LOCAL_TARGETS goes to the worker only where it is set", async () => {
  const given = { ADMIN_KEY: "a", MASTER_KEY: "m" };
  expect((await localSettings(given)).variables).toEqual(given);
  expect((await localSettings({ ...given, ALLOW_LOCAL_TARGETS: "1" })).variables).toEqual({ ...given, ALLOW_LOCAL_TARGETS: "1" });
});
