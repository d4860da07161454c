import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Scheme } from "../../src/webhooks/scheme.ts";
import { SCHEMES } from "../../src/webhooks/schemes.ts";

const FORMS = { payload: "the payload, also as a form's field `payload`", fields: "the payload; a form's fields as an object" } as const;

function dataOf({ form }: Scheme): string {
  if (form === "payload or fields") return "the payload, also as a form's field `payload`; a form's fields as an object";
  return form === undefined ? "the payload" : FORMS[form];
}

const HEADINGS = ["scheme", "signed by", "event id", "type", "stream", "time", "data (to the character)"];

function rowOf([name, scheme]: [string, Scheme]): readonly string[] {
  return [
    `\`${name}\``,
    scheme.signature?.says ?? "nothing: it wants a key, as `Authorization: Bearer`",
    scheme.id.says,
    scheme.type.says,
    scheme.stream.says,
    scheme.time?.says ?? "none",
    dataOf(scheme),
  ];
}

function tablesOf(section: string): readonly (readonly string[])[] {
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

test("README's table of webhooks is the table of schemes", () => {
  const [, section = ""] = /\n### Webhooks in\n([\s\S]*?)\n###? /.exec(readFileSync("README.md", "utf8")) ?? [];
  const [headings, rule, ...rows] = tablesOf(section);
  expect(headings).toEqual(HEADINGS);
  expect(rule?.every((cell) => /^-+$/.test(cell))).toBe(true);
  expect(rows).toEqual(Object.entries(SCHEMES).map(rowOf));
});
