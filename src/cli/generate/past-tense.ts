import { wordsOf } from "./names.ts";

const IRREGULAR = new Map(
  `Become:Became Begin:Begun Break:Broken Bring:Brought Build:Built Buy:Bought Catch:Caught Choose:Chosen Cut:Cut Do:Done Draw:Drawn Find:Found
  Forget:Forgotten Freeze:Frozen Get:Gotten Give:Given Go:Gone Hide:Hidden Hold:Held Keep:Kept Know:Known Lay:Laid Leave:Left Lend:Lent
  Let:Let Lose:Lost Make:Made Meet:Met Overdraw:Overdrawn Pay:Paid Put:Put Read:Read Rebuild:Rebuilt Reset:Reset Run:Run Say:Said See:Seen
  Sell:Sold Send:Sent Set:Set Shut:Shut Speak:Spoken Spend:Spent Split:Split Steal:Stolen Take:Taken Teach:Taught Tell:Told Think:Thought
  Throw:Thrown Undo:Undone Win:Won Withdraw:Withdrawn Write:Written`
    .split(/\s+/)
    .map((pair) => pair.split(":") as [string, string]),
);
const PARTICIPLES = new Set(IRREGULAR.values());
const DOUBLED = /^(?:[^aeiou]+[aeiou][bdgmnprt]|.*(?:cancel|submit|commit|permit|admit|omit|prefer|refer|transfer|occur|unban|unpin|rerun|unplug))$/i;

/** A verb's past participle: `Close` gives `Closed`, `Ship` `Shipped`, `Send` `Sent`. English has more exceptions than this knows. */
export function pastOf(verb: string): string {
  const irregular = IRREGULAR.get(verb);
  if (irregular !== undefined) return irregular;
  if (verb.endsWith("e")) return `${verb}d`;
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ied`;
  return DOUBLED.test(verb) ? `${verb}${verb.at(-1)}ed` : `${verb}ed`;
}

/** The event of a command: `CloseTicket` gives `TicketClosed`, and `Close` of a ticket the same. */
export function eventOf(command: string, aggregate: string): string {
  const [verb = command, ...nouns] = wordsOf(command);
  return `${nouns.join("") || aggregate}${pastOf(verb)}`;
}

/** Whether an event's name has a word that looks like the past tense. */
export function looksPast(event: string): boolean {
  return wordsOf(event).some((word) => word.endsWith("ed") || PARTICIPLES.has(word));
}
