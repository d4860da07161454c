import { keyStream } from "../../identity/key.ts";
import { isStillGood, type Principal } from "../principal.ts";
import type { Services } from "../services.ts";
import { Doorbell } from "./doorbell.ts";

/** The longest time (milliseconds) between two looks at the clock: a timer takes no more than some 24 days. */
const LONGEST_WAIT = 3_600_000;

/**
 * Listens at the key that a live connection was opened with, and calls `end` once when it opens nothing any more: at once where it is
 * revoked, at its time where it expires, and also where the key's object lets go of us, for then nobody would say. Gives what stops it.
 * A key that is bad already is found out before this returns.
 */
export async function watchCredential(
  services: Pick<Services, "keys" | "objectFor">,
  { tenant, credential }: Pick<Principal, "tenant" | "credential">,
  end: () => void,
): Promise<() => void> {
  if (credential === undefined) return () => {};
  const bell = await Doorbell.connect(services.objectFor(tenant, keyStream(credential.key)));
  const watching = { isStopped: false };
  let head = bell.head;
  const isGood = async (): Promise<boolean> => !bell.isClosed && (await isStillGood(services, tenant, credential));
  const watch = async (): Promise<void> => {
    do {
      const left = credential.until === undefined ? LONGEST_WAIT : Date.parse(credential.until) - Date.now();
      // What was rung while we looked has moved the head: then there is nothing to wait for.
      if (bell.head === head && !bell.isClosed) await bell.wait(Math.max(0, Math.min(left, LONGEST_WAIT)));
      if (watching.isStopped) return;
      head = bell.head;
    } while (await isGood().catch(() => false));
    bell.close();
    if (!watching.isStopped) end();
  };
  if (await isGood()) void watch();
  else {
    bell.close();
    end();
  }
  return () => {
    watching.isStopped = true;
    bell.close();
  };
}
