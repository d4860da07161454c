import { isNotModified } from "./preconditions.ts";

/**
 * What a read answers: 304 where the client has this representation already, with the header lines of the 200 that it stands for, but those
 * that describe a body (RFC 9110, 15.4.5). What has no ETag, or is no 200, is answered as it is.
 */
export async function unlessKnown(request: Request, answering: Promise<Response>): Promise<Response> {
  const answer = await answering;
  const etag = answer.headers.get("etag");
  if (answer.status !== 200 || etag === null || !isNotModified(request, etag)) return answer;
  // A body that is made while it is read would be made on, for nobody.
  await answer.body?.cancel();
  const headers = new Headers(answer.headers);
  for (const name of ["content-type", "content-length", "content-language"]) headers.delete(name);
  return new Response(null, { status: 304, headers });
}
