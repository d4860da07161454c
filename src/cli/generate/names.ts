import { stopped } from "./refusal.ts";

/** One thing's name in all the forms that code wants. */
export interface Name {
  /** `support-ticket`: files and folders. */
  readonly kebab: string;
  /** `supportTicket`: values. */
  readonly camel: string;
  /** `SupportTicket`: types, and the nouns in events and commands. */
  readonly pascal: string;
  /** `support_ticket`: categories and views. */
  readonly snake: string;
  /** `support ticket`: prose. */
  readonly words: string;
}

const KEBAB = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const PASCAL = /^[A-Z][A-Za-z0-9]*$/;
/** Characters; a name ends up in streams, types and files. */
const MOST = 60;
// Words of the language, and what the written files import or declare.
const TAKEN =
  /^(?:abstract|any|arguments|as|async|await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|eval|export|extends|false|finally|for|from|function|if|implements|import|in|instanceof|interface|let|module|modules|new|null|of|package|private|protected|public|return|static|super|switch|this|throw|true|try|type|typeof|undefined|unknown|var|void|while|with|yield|z|reject|row|counted|test|describe|expect|given|happened|index)$/;

/** Checks the name of a domain, an aggregate or a view. */
export function kebabName(what: string, given: string | undefined): Name {
  const shown = given === undefined ? "none" : `"${given}"`;
  if (given === undefined || !KEBAB.test(given) || given.length > MOST) {
    throw stopped("usage", `expected the ${what}'s name in kebab-case, such as support-tickets, at most ${MOST} characters, got ${shown}`);
  }
  const pascal = given.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
  const camel = `${pascal.charAt(0).toLowerCase()}${pascal.slice(1)}`;
  if (TAKEN.test(camel)) throw stopped("usage", `expected a name for the ${what} that code can have, got ${shown}, which means something else there`);
  return { kebab: given, camel, pascal, snake: given.replaceAll("-", "_"), words: given.replaceAll("-", " ") };
}

/** Checks the name of an event or a command. */
export function pascalName(what: string, given: string | undefined, example: string): string {
  if (given !== undefined && PASCAL.test(given) && given.length <= MOST) return given;
  const shown = given === undefined ? "none" : `"${given}"`;
  throw stopped("usage", `expected the ${what}'s name in PascalCase, such as ${example}, at most ${MOST} characters, got ${shown}`);
}

/** `TicketClosed` as `ticket-closed`. */
export function kebabOf(pascal: string): string {
  return wordsOf(pascal).join("-").toLowerCase();
}

/** `TicketClosed` as its words; a run of capitals is one. */
export function wordsOf(pascal: string): readonly string[] {
  return pascal.match(/[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+/g) ?? [pascal];
}

/** The one of many, where the plural is a regular one: `tickets`, `categories`, `boxes`. Undefined where there is nothing to take away. */
export function singularOf(kebab: string): string | undefined {
  if (/[^aeiou]ies$/.test(kebab)) return kebab.replace(/ies$/, "y");
  if (/(?:x|ch|sh|ss|z)es$/.test(kebab)) return kebab.replace(/es$/, "");
  return /[^s]s$/.test(kebab) && !/(?:us|is)$/.test(kebab) ? kebab.replace(/s$/, "") : undefined;
}
