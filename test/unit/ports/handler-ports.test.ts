import { describe, expect, test } from "vitest";
import type { ReadRequest } from "../../../durable-objects/aggregate/contract.ts";
import {
  type SubtitleLibrary,
  subtitleLibrary,
  subtitleTitle,
  titleEvents,
  titleId,
  translator,
  type Translator,
} from "../../../src/domains/subtitles/index.ts";
import { jsonText, type NewFact } from "../../../src/kernel/index.ts";
import { handlerPorts } from "../../../src/ports/handler-ports.ts";
import type { AggregateReader } from "../../../src/ports/stored-subtitles.ts";
import { translationServer } from "./translation-server.ts";

const srt = (text: string): string => `1\n00:00:01,000 --> 00:00:02,500\n${text}\n`;
const stored = (language: string, text: string) => titleEvents.FileStored({ title: "The Lighthouse", language, format: "srt", text: srt(text), cues: 1 });

/** An aggregate that has these events, and tells of them a page at a time. */
function reader(facts: readonly NewFact[]): AggregateReader {
  const state = facts.reduce((state, fact) => subtitleTitle.evolve(state, fact), subtitleTitle.initialState());
  return {
    shown: async () => (facts.length === 0 ? { kind: "unknown", version: 0 } : { kind: "found", version: facts.length, state: jsonText(state) }),
    async read({ from = 1, to = facts.length, limit }: ReadRequest) {
      const last = Math.min(to, from + limit - 1);
      const items = facts.slice(from - 1, last).map(({ type, data }, index) => JSON.stringify({ version: from + index, type, data }));
      return { items: new TextEncoder().encode(items.join(",")), next: last < to ? last + 1 : null };
    },
  };
}

const streams: Readonly<Record<string, readonly NewFact[]>> = {
  [`mine/subtitle_title-${titleId("the lighthouse")}`]: [stored("en", "one"), stored("he", "two"), stored("en", "three"), stored("de", "four")],
};
const port = handlerPorts({ open: (tenant, stream) => reader(streams[`${tenant}/${stream}`] ?? []) });
const library = (tenant: string) => port(tenant, subtitleLibrary.name) as SubtitleLibrary;

describe("the library behind its port", () => {
  test("has a title's files by language, however the title is written", async () => {
    expect(await library("mine").candidates("THE  Lighthouse")).toEqual(["en", "he", "de"].map((language) => ({ language, source: "library" })));
    expect(await library("mine").candidates("Another")).toEqual([]);
  });

  test("reads a file as it stands there now, with the version that brought it", async () => {
    const read = (language: string) => library("mine").read({ title: "The Lighthouse", language });
    expect(await read("en")).toMatchObject({ version: 3, language: "en", format: "srt", text: srt("three") });
    expect(await read("he")).toMatchObject({ version: 2, text: srt("two") });
    expect(await read("fr")).toBeUndefined();
  });

  test("reads the file that stands there now where its event has a later version than it counts", async () => {
    const stray = { type: "somebody.Noted", data: {} };
    const facts = [stray, stored("en", "one"), stored("en", "two")];
    const read = (handlerPorts({ open: () => reader(facts) })("mine", subtitleLibrary.name) as SubtitleLibrary).read;
    expect(await read({ title: "The Lighthouse", language: "en" })).toMatchObject({ version: 3, text: srt("two") });
  });

  test("is one tenant's: another sees nothing of it", async () => {
    expect(await library("other").candidates("The Lighthouse")).toEqual([]);
    expect(await library("other").read({ title: "The Lighthouse", language: "en" })).toBeUndefined();
  });
});

describe("the translator behind its port", () => {
  const asked = { texts: ["Hello\nthere", ""], format: "srt", from: "en", to: "he", key: "k", signal: new AbortController().signal } as const;

  test("marks texts with the language where no other one is set up", async () => {
    expect(await (port("mine", translator.name) as Translator).translate(asked)).toEqual({ ok: true, texts: ["[he] Hello\nthere", ""] });
  });

  test("is the one that is set up", async () => {
    const server = await translationServer();
    const real = handlerPorts({ open: () => reader([]), translate: { url: server.url } });
    expect(await (real("mine", translator.name) as Translator).translate(asked)).toEqual({ ok: true, texts: ["HELLO\nTHERE", ""] });
    await server.stop();
  });
});

test("nothing stands behind a port that nobody knows", () => {
  expect(port("mine", "mail")).toBeUndefined();
});
