import { Contract } from "../../support/contract.ts";
import type { Case } from "./cases.ts";
import type { Answer } from "./client.ts";
import { reasonFor } from "./recipes.ts";

/** What no answer may show of the inside; a time that stands behind an "at" is no line of a stack. */
const INSIDE =
  /\bat (?!\d{4}-\d\d-\d\d[Tt])[^\n"]{1,200}:\d+:\d+|\.(?:ts|mjs|js):\d+|node_modules|durable-objects\/|SQLITE_|D1_ERROR|ZodError|workerd|file:\/\/|\/(?:home|work|tmp|usr|src)\/\w+/;

const PROBLEM = "application/problem+json";

/** Judges answers by /openapi.json and the rules for all of them. */
export class Judge {
  readonly #contract: Contract;

  constructor(document: unknown) {
    this.#contract = new Contract(document as ConstructorParameters<typeof Contract>[0]);
  }

  /** What is wrong with an answer; nothing where it is as promised. */
  faults(asked: Case, answer: Answer): readonly string[] {
    const { status } = answer;
    return [
      ...(status >= 500 ? [`answered ${status}: ${answer.text.slice(0, 200)}`] : []),
      ...this.#breaches(asked, answer),
      ...(status >= 400 && asked.request.method !== "HEAD" ? problemFaults(answer) : []),
      ...headerFaults(asked, answer),
      ...insideFaults(asked, answer),
      ...expectationFaults(asked, answer),
    ];
  }

  #breaches({ request }: Case, { status, headers, text }: Answer): readonly string[] {
    // As it was sent: `.` and `%2e%2e` are names to the server, not steps.
    const pathname = request.target.split("?")[0] ?? "";
    try {
      const type = headers["content-type"]?.split(";")[0];
      const breach = this.#contract.breach({ method: request.method, pathname, status, type, text, headers: Object.entries(headers) });
      return breach === undefined ? [] : [breach.replace(pathname, "")];
    } catch (fault) {
      return [`answered ${status} with a body that cannot be read: ${String(fault)}: ${text.slice(0, 200)}`];
    }
  }
}

/** What each 4xx and 5xx has by RFC 9457 and the contract. */
export function problemFaults({ status, headers, text }: Answer): readonly string[] {
  const type = headers["content-type"];
  if (!type?.startsWith(PROBLEM)) return [`expected ${status} to be ${PROBLEM}, got ${type}: ${text.slice(0, 200)}`];
  const problem = parsed(text);
  const wrong = ["type", "title", "detail", "code"].filter((name) => typeof problem[name] !== "string" || problem[name] === "");
  return [
    ...wrong.map((name) => `expected the problem to have a ${name}, got ${JSON.stringify(problem[name])}`),
    ...(problem["status"] === status ? [] : [`expected the problem's status to be ${status}, got ${JSON.stringify(problem["status"])}`]),
    ...(/^[a-z][a-z0-9_]*$/.test(String(problem["code"])) ? [] : [`expected a code in snake case, got ${JSON.stringify(problem["code"])}`]),
  ];
}

const TRACE = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const CORRELATION = /^[A-Za-z0-9._~:-]{1,128}$/;
/** Headers that a status does not come without. */
const WITH_STATUS: Readonly<Record<number, string>> = { 401: "www-authenticate", 405: "allow", 429: "retry-after", 503: "retry-after" };

function headerFaults({ request }: Case, { status, headers }: Answer): readonly string[] {
  const { traceresponse = "", "x-correlation-id": correlation = "" } = headers;
  const given = request.headers["x-correlation-id"];
  const needed = WITH_STATUS[status];
  return [
    ...(TRACE.test(traceresponse) ? [] : [`expected a traceresponse, got ${JSON.stringify(traceresponse)}`]),
    ...(CORRELATION.test(correlation) ? [] : [`expected an X-Correlation-Id, got ${JSON.stringify(correlation)}`]),
    ...(given !== undefined && CORRELATION.test(given) && given !== correlation ? [`expected the X-Correlation-Id ${given}, got ${correlation}`] : []),
    ...(needed !== undefined && headers[needed] === undefined ? [`expected ${status} to come with ${needed}`] : []),
  ];
}

/** Names of the inside in a refusal, unless they came in with the request. */
function insideFaults({ request }: Case, { status, text }: Answer): readonly string[] {
  if (status < 400) return [];
  const [found] = INSIDE.exec(text) ?? [];
  if (found === undefined) return [];
  const sent = [request.target, decoded(request.target), ...Object.values(request.headers), request.body?.toString() ?? ""].join("\n");
  return sent.includes(found) || sent.includes(String(parsed(`"${found}"`))) ? [] : [`the answer shows the inside: ${found}`];
}

function expectationFaults({ operation, expect }: Case, { status, text }: Answer): readonly string[] {
  if (expect === "refused" && status < 400) return [`expected what the description forbids to be refused, got ${status}`];
  if (expect !== "taken" || ![400, 415, 422].includes(status)) return [];
  const detail = String(parsed(text)["detail"]);
  return reasonFor(operation, detail) === undefined ? [`expected what the description allows to be taken, got ${status}: ${detail.slice(0, 300)}`] : [];
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(text) ?? {}) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function decoded(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}
