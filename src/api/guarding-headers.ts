/** What a page of an answer may do, where it is taken for one: nothing, and in nobody's frame. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'";
/** A year, as https://hstspreload.org wants at least. */
const ALWAYS_HTTPS = "max-age=31536000";

/**
 * Headers that every answer carries, where it has none of its own: it is what its `Content-Type` says, is shown in no frame, runs nothing, is
 * told to nobody by a `Referer`, and is kept by nobody between us and the client. Over https browsers are told to stay there.
 */
export function guard(headers: Headers, request: Request): void {
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "no-referrer");
  headers.set("x-frame-options", "DENY");
  if (!headers.has("content-security-policy")) headers.set("content-security-policy", NOTHING);
  // May be kept by the client alone, and used after it has asked whether it still holds: that is what ETags are for.
  if (!headers.has("cache-control")) headers.set("cache-control", "private, no-cache");
  if (request.url.startsWith("https:")) headers.set("strict-transport-security", ALWAYS_HTTPS);
}
