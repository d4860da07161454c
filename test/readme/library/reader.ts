import { z } from "zod";
import { defineDecider, defineEvents } from "../../../src/kernel/index.ts";

const at = z.iso.datetime();
const loan = z.object({ reader: z.string(), bookId: z.string(), version: z.int(), at });

export const readerEvents = defineEvents("library", {
  LoanNoted: loan,
  ReaderBecameRegular: z.object({ reader: z.string(), loans: z.int(), at }),
});

/** Loans of which a reader's record remembers the last ones, as `<book>@<version>`. */
export interface Reader {
  readonly loans: number;
  readonly lately: readonly string[];
}

export const reader = defineDecider({
  category: "library_reader",
  events: readerEvents,
  commands: { NoteLoan: loan },
  initialState: (): Reader => ({ loans: 0, lately: [] }),
  evolve: {
    LoanNoted: ({ loans, lately }, { data }) => ({ loans: loans + 1, lately: [...lately, `${data.bookId}@${data.version}`].slice(-100) }),
    ReaderBecameRegular: (state) => state,
  },
  decide: {
    NoteLoan({ data }, { loans, lately }) {
      if (lately.includes(`${data.bookId}@${data.version}`)) return [];
      const noted = readerEvents.LoanNoted(data);
      return loans + 1 === 3 ? [noted, readerEvents.ReaderBecameRegular({ reader: data.reader, loans: 3, at: data.at })] : noted;
    },
  },
});
