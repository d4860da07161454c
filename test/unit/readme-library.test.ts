import { expect, test } from "vitest";
import { book, bookEvents } from "../readme/library/book.ts";
import { card, cardEvents } from "../readme/library/card.ts";
import { booksLent } from "../readme/library/views/books-lent.ts";
import { given, givenLog, happened } from "../../src/testing/index.ts";

const at = "2026-01-01T00:00:00.000Z";
const lent = bookEvents.BookLent({ reader: "Ada", at });

test("a book is lent once, to one reader at a time", () => {
  given(book).when("LendBook", { reader: "Ada" }).then(lent).thenState({ reader: "Ada" }).thenOnce();
  given(book, lent).when("LendBook", { reader: "Grace" }).thenRejected("lent_already");
});

test("a book that is back can be lent again, and is no longer in the view", () => {
  const returned = bookEvents.BookReturned({ at });
  given(book, lent).when("ReturnBook", {}).then(returned).thenOnce();
  given(book, lent, returned).when("LendBook", { reader: "Grace" }).thenOnce();
  givenLog(booksLent, happened("book-b1", lent)).thenRows({ bookId: "b1", reader: "Ada", since: at });
  givenLog(booksLent, happened("book-b1", lent), happened("book-b1", returned)).thenRows();
});

test("a card keeps the PIN's hash, which was found before the decision, and shows it to nobody", () => {
  const ada = { name: "Ada", email: "ada@example.com" };
  const issued = cardEvents.CardIssued({ ...ada, pinHash: "h1" });
  given(card)
    .when("IssueCard", { ...ada, pin: "1234" }, { pinHash: "h1" })
    .then(issued)
    .thenOnce();
  given(card, issued).when("ChangePin", { oldPin: "1234", newPin: "1234" }, { isRight: false, pinHash: "h1" }).thenRejected("wrong_pin");
  expect(card.show(card.evolve({}, issued))).toEqual(ada);
});

test("a card of years ago is read as one of today", () => {
  const first = { type: "library.CardIssued", schemaVersion: 1, data: { holder: "Ada", pinHash: "h1" } };
  expect(card.evolve({}, first)).toEqual({ name: "Ada", email: "nobody@library.example", pinHash: "h1" });
});
