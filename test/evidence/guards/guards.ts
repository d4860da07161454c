/** A guard of the engine, how it is switched off, and which evidence must then turn red. */
export interface Guard {
  readonly name: string;
  /** What it is for. */
  readonly holds: string;
  readonly file: string;
  /** This text, which stands exactly once in the file, … */
  readonly code: string;
  /** … becomes this one. */
  readonly without: string;
  /** `simulation`, or a test file. */
  readonly caughtBy: string;
}

/** Every guard that a promise hangs on. Each was seen to be caught by what stands beside it; the test does it anew. */
export const GUARDS: readonly Guard[] = [
  {
    name: "log trigger: version and hash",
    holds: "P4: an event enters the log only behind its predecessor",
    file: "migrations/log/0001_log.sql",
    code: "WHERE (NEW.version, NEW.previous_hash) IS NOT (",
    without: "WHERE 0 AND (NEW.version, NEW.previous_hash) IS NOT (",
    caughtBy: "simulation",
  },
  {
    name: "log trigger: position",
    holds: "P4: positions have no gap",
    file: "migrations/log/0001_log.sql",
    code: "WHERE NEW.position <> 1\n",
    without: "WHERE 0 AND NEW.position <> 1\n",
    caughtBy: "test/engine/guard.test.ts",
  },
  {
    name: "log trigger: forked streams",
    holds: "P4: a stream that forked takes nothing more",
    file: "migrations/log/0001_log.sql",
    code: "WHEN OLD.forked IS NOT NULL AND NEW.version <> OLD.version",
    without: "WHEN 0 AND OLD.forked IS NOT NULL AND NEW.version <> OLD.version",
    caughtBy: "test/engine/guard.test.ts",
  },
  {
    name: "the alarm with an append",
    holds: "P4: what the queue loses, the alarm brings",
    file: "durable-objects/aggregate.ts",
    code: "beforeCommit: () => this.#outbox.arm(),",
    without: "beforeCommit: () => undefined,",
    caughtBy: "simulation",
  },
  {
    name: "the alarm after a look that found the log behind",
    holds: "P4: patience, and no giving up",
    file: "durable-objects/aggregate/outbox.ts",
    code: "    this.#clock.arm(this.#ports.now() + this.#patience);",
    without: "",
    caughtBy: "simulation",
  },
  {
    name: "lowering before the first await",
    holds: "P4: an append that comes while the alarm asks arms anew",
    file: "durable-objects/aggregate/outbox.ts",
    code: "    this.#clock.lower();\n    let isSettled = false;",
    without: "    let isSettled = false;",
    caughtBy: "simulation",
  },
  {
    name: "telling the dispatcher before letting go",
    holds: "P5, P6: followers learn of every event",
    file: "durable-objects/aggregate/outbox.ts",
    code: "      await this.#ports.announce(identity.tenant, { position: logged.position, epoch: logged.epoch });\n",
    without: "",
    caughtBy: "simulation",
  },
  {
    name: "the alarm after a rolled-back commit",
    holds: "P4: an alarm that was rolled back counts as not armed",
    file: "durable-objects/aggregate.ts",
    code: "onFailure: () => this.#clock.lower(),",
    without: "onFailure: () => undefined,",
    caughtBy: "simulation",
  },
  {
    name: "repeats by source and id",
    holds: "P3: the same event twice is written once",
    file: "durable-objects/aggregate/append.ts",
    code: "const known = request.events.map((draft) => repeated(store, draft));",
    without: 'const known = request.events.map((draft) => (draft.id === "" ? repeated(store, draft) : undefined));',
    caughtBy: "simulation",
  },
  {
    name: "repeats by Idempotency-Key",
    holds: "P3: the same request twice gets the first answer",
    file: "durable-objects/aggregate/append.ts",
    code: "const answer = idempotency && store.seenKey(idempotency.key);\n  if (answer === undefined ||",
    without: "const answer = idempotency && store.seenKey(idempotency.key);\n  if (answer !== undefined) return undefined;\n  if (answer === undefined ||",
    caughtBy: "simulation",
  },
  {
    name: "preconditions",
    holds: "P1: an append that expects another version writes nothing",
    file: "durable-objects/aggregate/append.ts",
    code: "const refusal = checkOpen(store) ?? checkPrecondition(request.precondition, store.memory.version);\n    if (refusal) return refusal;\n  }",
    without: "const refusal = checkOpen(store);\n    if (refusal) return refusal;\n  }",
    caughtBy: "simulation",
  },
  {
    name: "closed streams",
    holds: "P1: nothing is appended to a stream that was closed",
    file: "durable-objects/aggregate/append.ts",
    code: "  if (!memory.isClosed) return undefined;",
    without: "  if (!memory.isClosed || memory.version >= 0) return undefined;",
    caughtBy: "simulation",
  },
  {
    name: "memory after a failed commit",
    holds: "P1, P2: what was rolled back is forgotten",
    file: "durable-objects/aggregate/group-commit.ts",
    code: "      this.#store.drop();\n      this.#hooks.onFailure();",
    without: "      this.#hooks.onFailure();",
    caughtBy: "simulation",
  },
  {
    name: "the cursor of the views",
    holds: "P5: of several that fold the same events one writes",
    file: "migrations/views/0005_rows.sql",
    code: "  WHERE NEW.from_position <> coalesce(",
    without: "  WHERE 0 AND NEW.from_position <> coalesce(",
    caughtBy: "simulation",
  },
  {
    name: "the set of views that the cursor moves",
    holds: "P5: who moves the views knows which generation is read",
    file: "migrations/views/0005_rows.sql",
    code: "    OR NEW.from_members <> coalesce(",
    without: "    OR 0 AND NEW.from_members <> coalesce(",
    caughtBy: "test/engine/rebuild.test.ts",
  },
  {
    name: "the epoch",
    holds: "P6: followers of a log that was made anew stop",
    file: "src/views/cursors.ts",
    code: "  if (epoch !== head.epoch) return",
    without: '  if (epoch === "never") return',
    caughtBy: "test/engine/views.test.ts",
  },
  {
    name: "the entry at the cursor",
    holds: "P6: followers of a log that was set back stop",
    file: "src/views/cursors.ts",
    code: '  if (entry !== "" && entry !== head.entryAt) return',
    without: '  if (entry === "never") return',
    caughtBy: "test/engine/views.test.ts",
  },
  {
    name: "stream by stream after a refused batch",
    holds: "P4: one bad stream keeps no other out",
    file: "src/log/project.ts",
    code: "      for (const stream of streams) await this.#commitAlone(stream, rows.events);",
    without: '      this.#failAll(rows, "refused");',
    caughtBy: "test/engine/guard.test.ts",
  },
  {
    name: "a failed attempt is not the end",
    holds: "P5: a rebuild goes on after D1 has failed",
    file: "durable-objects/dispatcher.ts",
    code: " && !this.#isBuilding && !this.#hasFailed",
    without: " && !this.#isBuilding",
    caughtBy: "test/engine/rebuild.test.ts",
  },
];
