/** What all of them take and promise; the flag's name fills a column of so many characters. */
const common = (width: number): string => `  ${"--dry-run".padEnd(width)}  print what would be written, and write nothing

All files are written, or none; no file is overwritten.`;

/** What `generate --help` says. */
export const HELP = `Writes files that compile, pass lint and come with a passing test: npx rivulet generate KIND …

  domain NAME                     an aggregate, a view and specs, in a folder of their own
  event DOMAIN AGGREGATE NAME     an event, with its step in evolve
  command DOMAIN AGGREGATE NAME   a command, with its event where there is none yet
  projection DOMAIN NAME          a view of what happens to an aggregate

${common("--dry-run".length)}
npx rivulet generate KIND --help says more of each.`;

/** What `generate KIND --help` says. */
export const HELP_OF: Readonly<Record<string, string>> = {
  domain: `A new domain: npx rivulet generate domain NAME

  NAME              in kebab-case, of many: tickets
  --aggregate NAME  of one: ticket. Left out, NAME without its s
${common("--aggregate NAME".length)}

Writes src/domains/NAME/ and test/unit/domains/NAME/, and adds the domain to src/domains/index.ts.`,
  event: `A new event: npx rivulet generate event DOMAIN AGGREGATE NAME

  NAME          in PascalCase, in the past tense: TicketClosed
  --field NAME  the state's field that it sets: closedAt
${common("--field NAME".length)}

Changes src/domains/DOMAIN/AGGREGATE.ts and writes a spec.`,
  command: `A new command: npx rivulet generate command DOMAIN AGGREGATE NAME

  NAME          in PascalCase, as an order: CloseTicket
  --event NAME  the event that it decides: TicketClosed, made where there is none yet
  --field NAME  the state's field that this event sets: closedAt
${common("--field NAME".length)}

Changes src/domains/DOMAIN/AGGREGATE.ts and writes a spec.`,
  projection: `A new view: npx rivulet generate projection DOMAIN NAME

  NAME              in kebab-case, what it answers: ticket-counts
  --aggregate NAME  whose events it is of; needed where the domain has several
${common("--aggregate NAME".length)}

Writes src/domains/DOMAIN/views/NAME.ts and a spec, and adds the view to src/domains/DOMAIN/index.ts.`,
};
