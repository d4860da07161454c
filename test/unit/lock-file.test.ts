import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>>; readonly resolved?: string }>>;
}

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as Lock;

/** `npm ci` wants an entry for every platform's package, also of those that this machine would not install. */
test("the lock file names the packages of every platform", () => {
  const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !(`node_modules/${name}` in lock.packages) && !(`${path}/node_modules/${name}` in lock.packages)),
  );
  expect(missing).toEqual([]);
});

test("the lock file names no host that packages came from", () => {
  expect(Object.values(lock.packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
});
