import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { benchTable } from "../../bench/readme-table.ts";
import { type EvidencePage, pageTable, sectionOf, unpadded } from "../evidence/page.ts";
import { EVIDENCE } from "../evidence/told.ts";
import type { Report } from "../../bench/report.ts";
import { FIGURES } from "../../bench/figures.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const readme = read("README.md");

test("README's page of evidence is that of the last run that was kept, and it has all of the evidence", () => {
  const page = JSON.parse(read("test/evidence/last.json")) as EvidencePage;
  expect(page.told.map(({ name }) => name).toSorted()).toEqual([...EVIDENCE].toSorted());
  expect(sectionOf(readme, "evidence")).toBe(unpadded(pageTable(page)));
});

test("README's figures of speed are those of the last run that was kept, and it has every figure there is", () => {
  const report = JSON.parse(read("bench/last.json")) as Report;
  expect(report.figures.map(({ name }) => name).toSorted()).toEqual(FIGURES.map(({ name }) => name).toSorted());
  expect(sectionOf(readme, "bench")).toBe(unpadded(benchTable(report)));
});

test("README says what each figure of speed, and each line of the bill, is", () => {
  const { costs } = JSON.parse(read("bench/last.json")) as Report;
  const [, legend = ""] = /<!-- \/bench -->([\s\S]*?)\n## /.exec(readme) ?? [];
  const said = new Set([...legend.matchAll(/`([\w-]+)`/g)].map(([, name]) => name));
  // A name's number stands for clients, unless the name is said whole.
  const isSaid = (name: string): boolean => said.has(name) || said.has(name.replace(/-\d+$/, ""));
  expect([...FIGURES, ...costs].map(({ name }) => name).filter((name) => !isSaid(name))).toEqual([]);
});

test("every test that README's page of promises names is there", () => {
  for (const [, file] of readme.matchAll(/`(test\/[\w/.-]+\.test\.ts)`/g)) expect(existsSync(join(ROOT, file as string)), file).toBe(true);
});
