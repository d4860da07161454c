import { z } from "zod";
import { defineDecider, defineEvents, reject } from "../../../src/kernel/index.ts";

const reader = z.string().min(1).max(200);
const at = z.iso.datetime();

export const bookEvents = defineEvents("library", {
  BookLent: z.object({ reader, at }),
  BookReturned: z.object({ at }),
});

export interface Book {
  readonly reader?: string;
}

export const book = defineDecider({
  category: "book",
  events: bookEvents,
  commands: { LendBook: z.object({ reader }), ReturnBook: z.object({}) },
  initialState: (): Book => ({}),
  evolve: {
    BookLent: (_, { data }) => ({ reader: data.reader }),
    BookReturned: () => ({}),
  },
  decide: {
    LendBook({ data }, book, { now }) {
      if (book.reader === data.reader) return [];
      return book.reader === undefined ? bookEvents.BookLent({ reader: data.reader, at: now }) : reject("lent_already");
    },
    ReturnBook: (_, book, { now }) => (book.reader === undefined ? [] : bookEvents.BookReturned({ at: now })),
  },
});
