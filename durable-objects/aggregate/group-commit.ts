import type { RecordedEvent } from "../../src/kernel/index.ts";
import type { StreamStore } from "./stream-store.ts";

/** What a member does in the transaction, perhaps twice: it must not await, and tells `appended` of each event it writes. */
export type MemberWork<Result> = (appended: (event: RecordedEvent) => void) => Result;

interface Member<Result> {
  readonly work: MemberWork<Result>;
  readonly resolve: (result: Result) => void;
  readonly reject: (fault: unknown) => void;
}

/** Members that may wait; beyond that the object is overloaded, and says so early. */
const MOST_WAITING = 2_000;

/** What is done around a commit that wrote events. */
export interface CommitHooks {
  /** Inside the transaction, after the last member. */
  readonly beforeCommit: () => void;
  /** The transaction is through; the output gate still holds back everything that leaves the object until it is on disk. */
  readonly afterCommit: (written: readonly RecordedEvent[]) => void;
  /** The whole transaction was rolled back. */
  readonly onFailure: () => void;
}

/**
 * What arrives together commits together: one transaction, one flush. Where a member fails it is all done again with a savepoint for
 * each, so that one member's fault rolls back that member alone. The members see each other's writes in the order they came.
 */
export class GroupCommit {
  readonly #storage: DurableObjectStorage;
  readonly #store: StreamStore;
  readonly #hooks: CommitHooks;
  #waiting: Member<unknown>[] = [];

  constructor(storage: DurableObjectStorage, store: StreamStore, hooks: CommitHooks) {
    this.#storage = storage;
    this.#store = store;
    this.#hooks = hooks;
  }

  /** Whether so many wait that another had better come back later. */
  get isFull(): boolean {
    return this.#waiting.length >= MOST_WAITING;
  }

  /** Runs `work` in the next commit. Rejects with what `work` threw, or with why the commit failed. */
  join<Result>(work: MemberWork<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      // A timer of 0 ends this turn, so requests that are already here get in; a microtask would not let them.
      if (this.#waiting.length === 0) setTimeout(() => this.#commit(), 0);
      this.#waiting.push({ work, resolve, reject } as Member<unknown>);
    });
  }

  #commit(): void {
    const members = this.#waiting;
    this.#waiting = [];
    // Hardly any member ever fails, and a savepoint costs as much as a small append: they come only where one has failed.
    if (this.#transact(members, { withSavepoints: false }) === "a member's fault") this.#transact(members, { withSavepoints: true });
  }

  /** Runs all members in one transaction and answers them; nobody is answered where one of several members has failed without a savepoint. */
  #transact(members: readonly Member<unknown>[], { withSavepoints }: { withSavepoints: boolean }): "answered" | "a member's fault" {
    const written: RecordedEvent[] = [];
    let isMembers = true;
    let settle: (() => void)[];
    try {
      settle = this.#storage.transactionSync(() => {
        const settled = members.map((member) => (withSavepoints ? this.#attempt(member, written) : run(member, written)));
        isMembers = false;
        if (written.length > 0) this.#hooks.beforeCommit();
        return settled;
      });
    } catch (fault) {
      // What is in memory moved with the members; only the disk is to be believed now.
      this.#store.drop();
      this.#hooks.onFailure();
      if (isMembers && members.length > 1) return "a member's fault";
      for (const member of members) member.reject(fault);
      return "answered";
    }
    if (written.length > 0) this.#hooks.afterCommit(written);
    for (const answer of settle) answer();
    return "answered";
  }

  #attempt(member: Member<unknown>, written: RecordedEvent[]): () => void {
    const before = this.#store.memory;
    const own: RecordedEvent[] = [];
    try {
      const answer = this.#storage.transactionSync(() => run(member, own));
      written.push(...own);
      return answer;
    } catch (fault) {
      // The savepoint is rolled back, and any table made in it; what earlier members moved stands.
      this.#store.drop();
      this.#store.memory = before;
      return () => member.reject(fault);
    }
  }
}

/** Does a member's work; gives what answers it. */
function run({ work, resolve }: Member<unknown>, written: RecordedEvent[]): () => void {
  const result = work((event) => written.push(event));
  return () => resolve(result);
}
