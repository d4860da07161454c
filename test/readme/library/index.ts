import { defineModule } from "../../../src/kernel/index.ts";
import { book } from "./book.ts";
import { card } from "./card.ts";
import { booksLent } from "./views/books-lent.ts";

export const library = defineModule({ name: "library", deciders: [book, card], projections: [booksLent] });
