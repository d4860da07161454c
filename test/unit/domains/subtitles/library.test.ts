import { describe, test } from "vitest";
import { resultEvents, subtitleResult, subtitleTitle, titleEvents, titleId } from "../../../../src/domains/subtitles/index.ts";
import { sha256 } from "../../../../src/kernel/index.ts";
import { given } from "../../../../src/testing/index.ts";

const text = "1\n00:00:01,000 --> 00:00:02,000\nHello.\n";
const vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n\n00:03.000 --> 00:04.000\nBye.\n";
const english = { title: "The Lighthouse", language: "en", format: "srt", text } as const;
const hebrew = { ...english, language: "he", format: "vtt", text: vtt } as const;
const id = titleId("The Lighthouse");
const stored = titleEvents.FileStored({ ...english, cues: 1 });
const kept = { format: "srt", cues: 1, digest: sha256(text), ordinal: 1, revision: 1 } as const;

describe("StoreFile", () => {
  test("keeps a file, once, and the state knows it without its text", () => {
    given(subtitleTitle)
      .of(id)
      .when("StoreFile", english)
      .then(stored)
      .thenState({ title: "The Lighthouse", stored: 1, files: { en: kept } })
      .thenOnce();
  });

  test("keeps one file of each language", () => {
    given(subtitleTitle, stored)
      .of(id)
      .when("StoreFile", { ...hebrew, language: "HE" })
      .then(titleEvents.FileStored({ ...hebrew, cues: 2 }))
      .thenState({ title: "The Lighthouse", stored: 2, files: { en: kept, he: { format: "vtt", cues: 2, digest: sha256(vtt), ordinal: 2, revision: 1 } } })
      .thenOnce();
  });

  test("puts a new text in the place of the old one", () => {
    const changed = text.replace("Hello", "Good evening");
    given(subtitleTitle, stored)
      .of(id)
      .when("StoreFile", { ...english, text: changed })
      .thenState({ title: "The Lighthouse", stored: 2, files: { en: { ...kept, digest: sha256(changed), ordinal: 2, revision: 2 } } })
      .thenOnce();
  });

  test("with the same file again decides nothing, even where the title is written otherwise", () => {
    given(subtitleTitle, stored)
      .of(id)
      .when("StoreFile", { ...english, title: " the LIGHTHOUSE" })
      .then();
  });

  test("of a broken file is refused", () => {
    given(subtitleTitle)
      .of(id)
      .when("StoreFile", { ...english, text: "1\nnever\nHello.\n" })
      .thenRejected("broken_file");
    given(subtitleTitle)
      .of(id)
      .when("StoreFile", { ...english, format: "vtt" })
      .thenRejected("broken_file");
  });

  test("of a text that is kept, as another format than it is, is refused", () => {
    given(subtitleTitle, stored)
      .of(id)
      .when("StoreFile", { ...english, format: "vtt" })
      .thenRejected("broken_file");
  });

  test("under another title's id is refused", () => {
    given(subtitleTitle).of(titleId("Another")).when("StoreFile", english).thenRejected("wrong_title");
  });
});

describe("KeepFile", () => {
  const result = { language: "he", format: "srt", text } as const;
  const keptResult = resultEvents.FileKept(result);

  test("keeps a job's result, once", () => {
    given(subtitleResult).when("KeepFile", result).then(keptResult).thenOnce();
  });

  test("with another file is refused", () => {
    given(subtitleResult, keptResult)
      .when("KeepFile", { ...result, text: text.replace("Hello", "Bye") })
      .thenRejected("already_kept");
  });

  test("of a broken file is refused", () => {
    given(subtitleResult)
      .when("KeepFile", { ...result, text: "nothing" })
      .thenRejected("broken_file");
  });
});
