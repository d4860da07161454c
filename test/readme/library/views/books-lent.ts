import { z } from "zod";
import { defineProjection } from "../../../../src/kernel/index.ts";
import { bookEvents } from "../book.ts";

export const booksLent = defineProjection({
  name: "books_lent",
  version: 1,
  events: [bookEvents],
  key: "bookId",
  row: z.object({ bookId: z.string(), reader: z.string(), since: z.string() }),
  search: ["reader"],
  on: {
    "library.BookLent": (_, { data }) => ({ reader: data.reader, since: data.at }),
    "library.BookReturned": () => undefined,
  },
});
