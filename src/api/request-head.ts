import { problem } from "./problem.ts";

/** Of a request: characters of its path and query together, parameters of its query, headers, and characters of these, names and values. */
export const MAX_ADDRESS = 16_384;
export const MAX_PARAMETERS = 100;
export const MAX_HEADERS = 100;
export const MAX_HEADER_CHARACTERS = 65_536;

/** An answer to a request whose head is out of measure, before anything else is done with it: 414 for its address, 431 for its headers; undefined for all others. */
export function headRefusal({ url, headers }: Pick<Request, "url" | "headers">): Response | undefined {
  const length = url.length - Math.max(0, url.indexOf("/", "https://".length));
  if (length > MAX_ADDRESS) return tooLong(`Expected at most ${MAX_ADDRESS} characters of path and query, got ${length}.`);
  if (parametersIn(url) > MAX_PARAMETERS) return tooLong(`Expected at most ${MAX_PARAMETERS} parameters in the query.`);
  let count = 0;
  let characters = 0;
  for (const [name, value] of headers) {
    count++;
    characters += name.length + value.length;
  }
  if (count > MAX_HEADERS) return tooLarge(`Expected at most ${MAX_HEADERS} headers, got ${count}.`);
  return characters > MAX_HEADER_CHARACTERS ? tooLarge(`Expected at most ${MAX_HEADER_CHARACTERS} characters of headers, got ${characters}.`) : undefined;
}

function parametersIn(url: string): number {
  let count = 0;
  for (let at = url.indexOf("?"); at >= 0 && count <= MAX_PARAMETERS; at = url.indexOf("&", at + 1)) count++;
  return count;
}

function tooLong(detail: string): Response {
  return problem({ status: 414, code: "address_too_long", detail });
}

function tooLarge(detail: string): Response {
  return problem({ status: 431, code: "headers_too_large", detail });
}
