import { describe, expect, test } from "vitest";
import { decodeText } from "../../../../src/domains/subtitles/index.ts";
import { bytesOf } from "./files.ts";

const hebrew = "יש שם מישהו למעלה?";

describe("a file's text is read", () => {
  test.each([
    ["lighthouse.he.windows-1255.srt", hebrew],
    ["lighthouse.es.iso-8859-1.srt", "¿Hay alguien ahí arriba?"],
    ["lighthouse.ja.shift_jis.srt", "上に誰かいますか。"],
    ["lighthouse.ru.windows-1251.srt", "Есть кто-нибудь наверху?"],
  ])("by a guess where it is neither UTF-8 nor has a charset: %s", (name, text) => {
    const decoded = decodeText(bytesOf("whole", name));
    expect(decoded.ok && decoded.text.split("\r\n")[2]).toBe(text);
  });

  test("by its byte order mark, whatever charset is said, and without the mark", () => {
    for (const name of ["lighthouse.he.bom.srt", "lighthouse.ar.utf-16le.srt", "lighthouse.ja.utf-16be.srt"]) {
      const decoded = decodeText(bytesOf("whole", name), "iso-8859-1");
      expect(decoded).toEqual(decodeText(bytesOf("whole", name)));
      expect(decoded.ok && decoded.text.charAt(0)).toBe("1");
    }
  });

  test("by the charset that is said, before it is looked at as UTF-8", () => {
    const bytes = new TextEncoder().encode("é");
    expect(decodeText(bytes)).toEqual({ ok: true, text: "é" });
    expect(decodeText(bytes, "iso-8859-1")).toEqual({ ok: true, text: "Ã©" });
    expect(decodeText(bytes, "WINDOWS-1251")).toEqual({ ok: true, text: "Г©" });
  });

  test("in UTF-16 without a mark where the charset says so", () => {
    expect(decodeText(new Uint8Array([0xd0, 0x05, 0x31, 0x00]), "utf-16le")).toEqual({ ok: true, text: "א1" });
  });
});

test("an unknown charset is told", () => {
  expect(decodeText(new Uint8Array([65]), "klingon")).toEqual({ ok: false, reason: "charset" });
});

test("bytes that are not in the charset that is said are told", () => {
  expect(decodeText(new Uint8Array([0xff, 0xff]), "utf-8")).toEqual({ ok: false, reason: "bytes" });
  expect(decodeText(new Uint8Array([0x81]), "shift_jis")).toEqual({ ok: false, reason: "bytes" });
  expect(decodeText(new Uint8Array([0xef, 0xbb, 0xbf, 0xff]), "windows-1252")).toEqual({ ok: false, reason: "bytes" });
});

test("an empty file is an empty text", () => {
  expect(decodeText(new Uint8Array())).toEqual({ ok: true, text: "" });
});
