import { readVariables } from "../local/keys.ts";
import { SECRETS_FILE } from "../local/root.ts";

/** An answer, its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A server to talk to. */
export interface Client {
  readonly url: string;
  /** Where the key came from, for a line that a reader can copy. */
  readonly keyFrom: "environment" | "file";
  readonly key: string;
  /** Asks with the key, and throws where it is not known; `isPublic` leaves it out. A server that is busy (429, 503) is asked again, a few times. */
  ask(path: string, request?: Ask): Promise<Answer>;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isPublic?: boolean;
}

/** How often a busy server is asked again. */
const MOST_REPEATS = 5;

/** The server that the environment names (RIVULET_URL, else PORT), with ADMIN_KEY from there or from .dev.vars. */
export async function client(environment: Readonly<Record<string, string | undefined>>): Promise<Client> {
  const url = (environment["RIVULET_URL"] || `http://127.0.0.1:${environment["PORT"] || "8787"}`).replace(/\/+$/, "");
  if (!URL.canParse(url)) throw new Error(`expected RIVULET_URL to be a URL, got "${url}"`);
  const given = environment["ADMIN_KEY"];
  const key = given || (await readVariables(SECRETS_FILE))["ADMIN_KEY"];
  if (!key) throw new Error(`expected ADMIN_KEY in the environment or in ${SECRETS_FILE}, got none. npm start makes one.`);
  const keyFrom = given ? "environment" : "file";
  return {
    url,
    key,
    keyFrom,
    async ask(path, request = {}) {
      const answer = await ask({ url, key }, path, request);
      if (answer.status !== 401 || request.isPublic) return answer;
      const where = given ? "of the environment" : "in .dev.vars";
      throw new Error(`expected ${url} to know the key, got 401. ADMIN_KEY ${where} is not the one that the server was started with.`);
    },
  };
}

async function ask({ url, key }: { url: string; key: string }, path: string, { method = "GET", headers, body, isPublic = false }: Ask): Promise<Answer> {
  for (let repeat = 0; ; repeat++) {
    const response = await reach(url, path, {
      method,
      headers: { ...(!isPublic && { authorization: `Bearer ${key}` }), ...headers },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const wait = Number(response.headers.get("retry-after") ?? "0");
    if ((response.status === 429 || response.status === 503) && repeat < MOST_REPEATS) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(Math.max(wait, 0.2), 5) * 1000));
      continue;
    }
    return { status: response.status, headers: response.headers, body: parsed(text) };
  }
}

async function reach(url: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`${url}${path}`, init);
  } catch (fault) {
    const { cause } = fault as { cause?: { code?: string; message?: string } };
    const why = cause?.code ?? cause?.message ?? String(fault);
    throw new Error(`expected a server at ${url}, got ${why}. Start one with npm start, or say where it is by PORT or RIVULET_URL.`, { cause: fault });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The sentence for an answer that was not expected. */
export function unexpected(what: string, { status, body }: Answer): Error {
  const { detail, title } = (typeof body === "object" && body !== null ? body : {}) as { detail?: string; title?: string };
  return new Error(`${what}: got ${status}${detail || title ? `, "${detail ?? title}"` : ""}`);
}
