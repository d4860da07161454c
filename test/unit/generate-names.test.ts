import { describe, expect, test } from "vitest";
import { kebabName, kebabOf, pascalName, singularOf } from "../../src/cli/generate/names.ts";
import { eventOf, looksPast, pastOf } from "../../src/cli/generate/past-tense.ts";

test("a name has a form for files, values, types, categories and prose", () => {
  expect(kebabName("domain", "support-case2")).toEqual({
    kebab: "support-case2",
    camel: "supportCase2",
    pascal: "SupportCase2",
    snake: "support_case2",
    words: "support case2",
  });
});

test.each([undefined, "", "Tickets", "support_cases", "-a", "a-", "a--b", "1a", "a b", "../a", "ä", "a".repeat(61)])("%j is no kebab-case name", (given) => {
  expect(() => kebabName("domain", given)).toThrow(/^expected the domain's name in kebab-case, such as support-tickets/);
});

test.each(["class", "new", "import", "type", "z", "reject", "index"])("%s means something else in code, and is refused", (given) => {
  expect(() => kebabName("domain", given)).toThrow("which means something else there");
});

test.each([undefined, "", "ticketClosed", "Ticket-Closed", "Ticket_Closed", "1Ticket", "Ticket.Closed", `T${"a".repeat(60)}`])(
  "%j is no PascalCase name",
  (given) => {
    expect(() => pascalName("event", given, "TicketClosed")).toThrow(/^expected the event's name in PascalCase, such as TicketClosed/);
  },
);

test.each([
  ["tickets", "ticket"],
  ["categories", "category"],
  ["boxes", "box"],
  ["addresses", "address"],
  ["billing", undefined],
  ["status", undefined],
  ["glass", undefined],
])("one of %s is %s", (many, one) => {
  expect(singularOf(many)).toBe(one);
});

test.each([
  ["TicketClosed", "ticket-closed"],
  ["EnrolMFA", "enrol-mfa"],
  ["MFAEnrolled", "mfa-enrolled"],
  ["Item2Added", "item2-added"],
])("the file of %s is %s", (pascal, kebab) => {
  expect(kebabOf(pascal)).toBe(kebab);
});

describe("the past tense", () => {
  test.each(
    Object.entries({ Close: "Closed", Add: "Added", Carry: "Carried", Play: "Played", Ship: "Shipped", Open: "Opened", Ban: "Banned", Show: "Showed" }),
  )("of %s is %s", (verb, past) => {
    expect(pastOf(verb)).toBe(past);
  });

  test.each(Object.entries({ Send: "Sent", Withdraw: "Withdrawn", Pay: "Paid", Cancel: "Cancelled", Submit: "Submitted", Read: "Read", Fix: "Fixed" }))(
    "of %s is %s",
    (verb, past) => {
      expect(pastOf(verb)).toBe(past);
    },
  );

  test.each([
    ["CloseTicket", "TicketClosed"],
    ["Close", "TicketClosed"],
    ["SendWelcomeMail", "WelcomeMailSent"],
  ])("the event of %s is %s", (command, event) => {
    expect(eventOf(command, "Ticket")).toBe(event);
  });

  test("is seen in a name, and missed in one without", () => {
    expect(["TicketClosed", "MailSent", "OrderPlacedAgain"].filter(looksPast)).toHaveLength(3);
    expect(["CloseTicket", "Ticket", "TicketClosing"].filter(looksPast)).toEqual([]);
  });
});
