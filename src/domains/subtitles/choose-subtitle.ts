import { moreGeneral } from "./language.ts";

/** A subtitle that a provider has. */
export interface Candidate {
  readonly language: string;
  /** The provider's name. */
  readonly source: string;
}

/** What a job wants. */
export interface Wanted {
  readonly language: string;
  /** Providers' names, the most wished for first; any other will do as well. */
  readonly preferredSources: readonly string[];
}

/** Which subtitle a job gets: one in the wanted language, one to translate from, or none. */
export type Choice<Offered extends Candidate = Candidate> =
  | { readonly kind: "found"; readonly candidate: Offered }
  | { readonly kind: "translate"; readonly candidate: Offered }
  | { readonly kind: "none"; readonly reason: string };

/**
 * Chooses among what the providers have. In the wanted language: the tag itself, else a more general one (`pt` for `pt-br`), else a more
 * precise one (`pt-br` for `pt`). To translate from: English first, then by the alphabet. Among equals the preferred sources decide.
 */
export function chooseSubtitle<Offered extends Candidate>(candidates: readonly Offered[], { language, preferredSources }: Wanted): Choice<Offered> {
  const rank = ({ source }: Candidate): number => {
    const place = preferredSources.indexOf(source);
    return place < 0 ? preferredSources.length : place;
  };
  const ordered = candidates.toSorted((one, other) => compare(one.language, other.language) || rank(one) - rank(other) || compare(one.source, other.source));
  const found = inLanguage(ordered, language);
  if (found !== undefined) return { kind: "found", candidate: found };
  const other = inLanguage(ordered, "en") ?? ordered[0];
  if (other !== undefined) return { kind: "translate", candidate: other };
  return { kind: "none", reason: `There is no subtitle in ${language}, nor in any other language to translate it from.` };
}

function inLanguage<Offered extends Candidate>(ordered: readonly Offered[], wanted: string): Offered | undefined {
  for (const tag of moreGeneral(wanted)) {
    const exact = ordered.find(({ language }) => language === tag);
    if (exact !== undefined) return exact;
  }
  return ordered.find(({ language }) => language.startsWith(`${wanted}-`));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
