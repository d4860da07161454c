import { expect, test } from "vitest";
import { bookEvents } from "../readme/library/book.ts";
import { congratulations, mail } from "../readme/library/handlers/congratulations.ts";
import { loans } from "../readme/library/handlers/loans.ts";
import { reader, readerEvents } from "../readme/library/reader.ts";
import { commandTo } from "../../src/kernel/index.ts";
import { behind, given, givenHandler, happened } from "../../src/testing/index.ts";

const at = "2026-01-01T00:00:00.000Z";
const adas = "99a563ab2f6e21e96998f9fddd2a2bab";
const loan = (version: number) => ({ reader: "Ada", bookId: "b1", version, at });
const regular = readerEvents.ReaderBecameRegular({ reader: "Ada", loans: 3, at });

test("a loan is noted with its reader, once", async () => {
  await givenHandler(loans, { deciders: [reader] })
    .when(happened("book-b1", bookEvents.BookLent({ reader: "Ada", at })))
    .thenOnce(commandTo(reader, adas, "NoteLoan", loan(1)));
});

test("who lends a third book is a regular reader", () => {
  const two = [1, 3].map((version) => readerEvents.LoanNoted(loan(version)));
  given(reader, ...two)
    .when("NoteLoan", loan(5))
    .then(readerEvents.LoanNoted(loan(5)), regular)
    .thenOnce();
});

test("a regular reader is thanked under a key that stays the same, so once", async () => {
  const keys = new Set<string>();
  const ports = [behind(mail, { send: async ({ to, key }) => void keys.add(`${to} ${key}`) })];
  await givenHandler(congratulations, { ports })
    .when(happened(`library_reader-${adas}`, regular))
    .thenOnce();
  expect(keys.size).toBe(1);
});
