import { categoryOf, commandTo, defineHandler, sha256 } from "../../../../src/kernel/index.ts";
import { book, bookEvents } from "../book.ts";
import { reader } from "../reader.ts";

/** Brings each loan to its reader: what no book knows, and no view may decide. */
export const loans = defineHandler({
  name: "library-loans",
  events: [bookEvents],
  on: ["library.BookLent"],
  priority: "low",
  concurrency: 5,
  from: "beginning",
  handle(event) {
    // In a stream of another category anybody may write an event of this name.
    if (event.type !== "library.BookLent" || categoryOf(event.stream) !== book.category) return [];
    const { id: bookId, version, data } = event;
    return [commandTo(reader, sha256(data.reader).slice(7, 39), "NoteLoan", { reader: data.reader, bookId, version, at: data.at })];
  },
});
