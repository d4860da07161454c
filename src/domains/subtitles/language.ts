import { z } from "zod";

/** A well-formed language tag (RFC 5646, section 2.1, without the grandfathered ones), in lower case. */
const TAG =
  /^(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?$/;

/** A language as BCP 47 has it, at most 35 characters; in lower case, so that equal is equal: `en`, `he`, `pt-br`. */
export const language = z
  .string()
  .max(35, "Expected a language tag of at most 35 characters")
  .toLowerCase()
  .regex(TAG, "Expected a language tag (BCP 47), such as en or pt-br");

/** A tag and the more general ones it stands under, the most precise first: `zh-hant-tw`, `zh-hant`, `zh` (RFC 4647, section 3.4). */
export function moreGeneral(tag: string): readonly string[] {
  const parts = tag.split("-");
  const tags: string[] = [];
  for (let length = parts.length; length > 0; length--) {
    // A single letter or digit only begins something, so no tag ends with it.
    if ((parts[length - 1] as string).length > 1) tags.push(parts.slice(0, length).join("-"));
  }
  return tags;
}
