import { problem } from "./problem.ts";

/** How well a media range fits: weight first, then how precise it is, then how early it stands in the header. */
type Fit = readonly [quality: number, precision: number, earliness: number];

/**
 * Which of the offered media types an `Accept` header wants most (RFC 9110, section 12.5.1): the first of them where it says nothing.
 * A type's weight is that of the most precise range that names it; among equals, the more precise and then the earlier range wins.
 * Parameters other than `q` do not count. Undefined where none will do.
 */
export function preferred<Type extends string>(accept: string | null, offered: readonly Type[]): Type | undefined {
  if (accept === null || accept.trim() === "") return offered[0];
  const ranges = accept.split(",").map((range) => range.split(";").map((part) => part.trim().toLowerCase()));
  let best: { readonly type: Type; readonly fit: Fit } | undefined;
  for (const type of offered) {
    const fit = fitOf(type, ranges);
    if (fit !== undefined && fit[0] > 0 && (best === undefined || isBetter(fit, best.fit))) best = { type, fit };
  }
  return best?.type;
}

function fitOf(type: string, ranges: readonly (readonly string[])[]): Fit | undefined {
  const names = ["*/*", `${type.split("/")[0]}/*`, type];
  let fit: Fit | undefined;
  for (const [index, [range = "", ...parameters]] of ranges.entries()) {
    const precision = names.indexOf(range);
    if (precision < 0 || (fit !== undefined && precision <= fit[1])) continue;
    fit = [qualityOf(parameters), precision, -index];
  }
  return fit;
}

/** 1 where it is left out, 0 where it is no weight. */
function qualityOf(parameters: readonly string[]): number {
  const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  if (quality === undefined) return 1;
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(quality) ? Number(quality) : 0;
}

function isBetter(fit: Fit, than: Fit): boolean {
  const differing = fit.findIndex((part, index) => part !== than[index]);
  return differing >= 0 && (fit[differing] as number) > (than[differing] as number);
}

/** 406: what there is instead. */
export function notAcceptable(offered: readonly string[]): Response {
  return problem({ status: 406, code: "not_acceptable", detail: `Expected Accept to allow one of ${offered.join(", ")}.`, headers: { vary: "Accept" } });
}
