import type { Granted } from "../../../durable-objects/tickets.ts";
import { issuerStream } from "../../identity/issuer.ts";
import { keyStream } from "../../identity/key.ts";
import { MAX_ROLES, membershipStream, ROLE_PATTERN, roleStream } from "../../identity/role.ts";
import { tenantStream } from "../../identity/tenant.ts";
import { DEFAULT_TENANT } from "../../kernel/index.ts";
import { type Principal, stillGoodUntil } from "../principal.ts";
import { grantedScopes } from "../roles.ts";
import type { Services } from "../services.ts";
import { Doorbell } from "./doorbell.ts";

/** The longest time (milliseconds) between two looks at the clock: a timer takes no more than some 24 days. */
const LONGEST_WAIT = 3_600_000;

type Asked = Pick<Services, "keys" | "tenants" | "issuers" | "objectFor" | "roles" | "members">;

/**
 * Listens at what a live connection was let in by, its key or issuer, its tenant, its roles, and calls `end` once when that lets it in no
 * more: at once where it is revoked, a role is taken away or the tenant is suspended, at its time where it has one, also one that it was
 * given since, and where an object lets go of us, for then nobody would say. Gives what stops it. What is bad already is found out before
 * this returns.
 */
export async function watchCredential(
  services: Asked,
  { tenant, credential, granted }: Pick<Principal, "tenant" | "credential" | "granted">,
  { mayStill, end }: { readonly mayStill: (scopes: readonly string[]) => boolean; readonly end: () => void },
): Promise<() => void> {
  if (credential === undefined) return () => {};
  const bells = new Bells();
  const ofCredential = "key" in credential ? keyStream(credential.key) : issuerStream(credential.issuer);
  await bells.hang({
    [ofCredential]: services.objectFor(tenant, ofCredential),
    [`${DEFAULT_TENANT}/${tenantStream(tenant)}`]: services.objectFor(DEFAULT_TENANT, tenantStream(tenant)),
  });
  const watching = { isStopped: false };
  let before = "";
  /** Until when it is good; undefined where it is so no more. */
  const goodUntil = async (): Promise<string | undefined> => {
    // Listened to before it is read, the roles that have come in the meantime as well: what changes after that is heard.
    do {
      before = bells.heads;
      const roles = granted === undefined ? [] : await streamsOf(services, tenant, granted);
      await bells.hang(Object.fromEntries(roles.map((stream) => [stream, services.objectFor(tenant, stream)])));
    } while (bells.heads !== before);
    if (bells.isClosed) return undefined;
    const until = await stillGoodUntil(services, tenant, credential);
    const isAllowed = granted === undefined || mayStill(await grantedScopes(services, tenant, granted, "fresh"));
    return isAllowed ? until : undefined;
  };
  const looked = (): Promise<string | undefined> => goodUntil().catch(() => undefined);
  const watch = async (first: string): Promise<void> => {
    for (let until: string | undefined = first; until !== undefined; until = await looked()) {
      const left = until === "forever" ? LONGEST_WAIT : Date.parse(until) - Date.now();
      // What was rung while we looked has moved the head: then there is nothing to wait for.
      if (bells.heads === before && !bells.isClosed) await bells.wait(Math.max(0, Math.min(left, LONGEST_WAIT)));
      if (watching.isStopped) break;
    }
    bells.close();
    if (!watching.isStopped) end();
  };
  const until = await looked();
  if (until !== undefined) void watch(until);
  else {
    bells.close();
    end();
  }
  return () => {
    watching.isStopped = true;
    bells.close();
  };
}

/** The objects that are listened at. */
class Bells {
  readonly #bells = new Map<string, Doorbell>();
  #isOver = false;

  /** Listens at these, too. */
  async hang(objects: Readonly<Record<string, Parameters<typeof Doorbell.connect>[0]>>): Promise<void> {
    const added = Object.entries(objects).filter(([name]) => !this.#bells.has(name));
    const hangOne = async (name: string, object: Parameters<typeof Doorbell.connect>[0]): Promise<void> => {
      const bell = await Doorbell.connect(object);
      this.#bells.set(name, bell);
      if (this.#isOver) bell.close();
    };
    await Promise.all(added.map(([name, object]) => hangOne(name, object)));
  }

  get heads(): string {
    return [...this.#bells.values()].map(({ head }) => head).join();
  }

  get isClosed(): boolean {
    return [...this.#bells.values()].some((bell) => bell.isClosed);
  }

  /** Returns when one rings or closes, or after so many milliseconds. */
  async wait(milliseconds: number): Promise<void> {
    await Promise.race([...this.#bells.values()].map((bell) => bell.wait(milliseconds)));
  }

  close(): void {
    this.#isOver = true;
    for (const bell of this.#bells.values()) bell.close();
  }
}

/** The streams that scopes come of which were granted by roles: those of the roles, and of the membership that gives some of them. */
async function streamsOf(services: Pick<Services, "members">, tenant: string, { roles, user }: Granted): Promise<readonly string[]> {
  const assigned = user === undefined ? [] : await services.members.fresh(`${tenant}/${user}`);
  const membership = user === undefined ? undefined : membershipStream(tenant, user);
  const names = [...new Set([...roles, ...assigned])].filter((role) => ROLE_PATTERN.test(role)).slice(0, MAX_ROLES);
  return [...names.map(roleStream), ...(membership === undefined ? [] : [membership])];
}
