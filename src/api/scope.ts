import { allows, allowsSome, type Scope } from "../kernel/index.ts";
import type { Principal } from "./principal.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";

/**
 * What an endpoint needs: nothing of anybody, or one scope, or several, each of them. `{name}` stands for the path's part of that name.
 * Where the path has none, the body says it: then who has the scope for any topic is let in, and the handler checks each. /openapi.json
 * gives them as they stand here.
 */
export type Needed = "public" | Scope | readonly Scope[];

/** A request as it came, before anything in it was checked: what is needed is decided by it. */
export interface Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly services: Pick<Services, "decider">;
  readonly principal: Pick<Principal, "scopes">;
}

/** The scopes that an endpoint needs, as they are declared. */
export function scopesOf(needed: Needed): readonly Scope[] {
  if (needed === "public") return [];
  return typeof needed === "string" ? [needed] : needed;
}

/** 403 for the first scope that a principal lacks; undefined where it has all. */
export function lacking(principal: Pick<Principal, "scopes">, needed: Needed, params: Asked["params"] = {}): Response | undefined {
  for (const scope of scopesOf(needed)) {
    const [, name] = /:\{(\w+)\}$/.exec(scope) ?? [];
    if (name !== undefined && params[name] === undefined) {
      if (!allowsSome(principal.scopes, scope)) return missingScope(scope);
      continue;
    }
    const wanted = scope.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? "");
    if (!allows(principal.scopes, wanted)) return missingScope(wanted);
  }
  return undefined;
}

/** What appending to a stream needs: in a category with a decider the business rules are not asked, so it is an import. */
export function appendScope(services: Asked["services"], stream: string): Scope {
  const dash = stream.indexOf("-");
  const category = dash < 0 ? stream : stream.slice(0, dash);
  return services.decider(category) === undefined ? `events:write:${stream}` : `events:import:${category}`;
}

/** 403 that says which scope is missing, for people, for programs, and as RFC 6750, section 3.1, has it. */
export function missingScope(scope: string): Response {
  // What came in a path may be long, or hold what no header can.
  const shown = scope.slice(0, 400).toWellFormed();
  const quoted = /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(shown) ? `, scope="${shown}"` : "";
  return problem({
    status: 403,
    code: "missing_scope",
    detail: `This needs the scope ${shown}, which the key does not have.`,
    missingScope: shown,
    headers: { "www-authenticate": `Bearer realm="rivulet", error="insufficient_scope"${quoted}` },
  });
}
