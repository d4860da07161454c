import { z } from "zod";
import { defineDecider, defineEvents, event, past, reject, secret } from "../../../src/kernel/index.ts";

const name = z.string().min(1).max(200);
const email = z.email().max(254);
const pin = secret(z.string().regex(/^\d{4,8}$/, "Expected 4 to 8 digits"));
const issued = z.object({ name, email, pinHash: z.string() });

export const cardEvents = defineEvents("library", {
  CardIssued: event(issued, {
    was: [
      past(z.object({ holder: name, pinHash: z.string() }), ({ holder, pinHash }) => ({ name: holder, mail: "nobody@library.example", pinHash })),
      past(z.object({ name, mail: email, pinHash: z.string() }), ({ mail, ...same }) => ({ ...same, email: mail })),
    ],
  }),
  PinChanged: z.object({ pinHash: z.string() }),
});

export type Card = Partial<z.output<typeof issued>>;

export const card = defineDecider({
  category: "library_card",
  events: cardEvents,
  commands: { IssueCard: z.object({ name, email, pin }), ChangePin: z.object({ oldPin: pin, newPin: pin }) },
  initialState: (): Card => ({}),
  evolve: {
    CardIssued: (_, { data }) => data,
    PinChanged: (card, { data }) => ({ ...card, ...data }),
  },
  prepare: {
    IssueCard: async ({ data }, _, { ports }) => ({ pinHash: await ports.passwords.hash(data.pin) }),
    async ChangePin({ data }, { pinHash }, { ports }) {
      const isRight = pinHash !== undefined && (await ports.passwords.verify(data.oldPin, pinHash));
      return { isRight, pinHash: await ports.passwords.hash(data.newPin) };
    },
  },
  decide: {
    IssueCard({ data: { name, email }, found }, card) {
      if (card.email === undefined) return cardEvents.CardIssued({ name, email, pinHash: found.pinHash });
      return card.name === name && card.email === email ? [] : reject("issued_already");
    },
    ChangePin({ data: { oldPin, newPin }, found }) {
      if (!found.isRight) return reject("wrong_pin");
      return oldPin === newPin ? [] : cardEvents.PinChanged({ pinHash: found.pinHash });
    },
  },
  show: ({ name, email }) => ({ name, email }),
  unique: {
    wants: { IssueCard: ({ data }) => [{ scope: "library/email", value: data.email.toLowerCase() }] },
    holds: ({ email }) => (email === undefined ? [] : [{ scope: "library/email", value: email.toLowerCase() }]),
    taken: "email_taken",
  },
});
