import type { Guard } from "./guards.ts";

/** Guards of what follows the log, where it is set back or a follower is told something at a bad moment. */
export const FOLLOWING_GUARDS: readonly Guard[] = [
  {
    name: "what stands where somebody has been",
    holds: "P5, P6: views and followers of a log that was set back stop, though their dispatcher lives",
    file: "durable-objects/dispatcher.ts",
    code: "    await this.#doubtWhereOld(pages);\n",
    without: "",
    caughtBy: "test/engine/log-set-back.test.ts",
  },
  {
    name: "each page of one move",
    holds: "P5: views never count two logs as one",
    file: "src/views/advance.ts",
    code: "    if (another !== undefined) {",
    without: '    if (another === "never") {',
    caughtBy: "test/engine/log-set-back.test.ts",
  },
  {
    name: "no skipping before what was told is read",
    holds: "P6: what came while a follower was paused reaches it",
    file: "durable-objects/follower.ts",
    code: "else if (pump.isIdle && !this.#store.read(HEARD)) pump",
    without: "else if (pump.isIdle) pump",
    caughtBy: "test/engine/followers-told.test.ts",
  },
  {
    name: "going on before it is noted that it was told",
    holds: "P6: a follower whose storage fails once does not stand still",
    file: "durable-objects/follower.ts",
    code: "    this.#definition = definition;\n    this.#begin();\n    this.#hasRead(hearings);\n",
    without: "    this.#hasRead(hearings);\n    this.#definition = definition;\n    this.#begin();\n",
    caughtBy: "test/engine/followers-told.test.ts",
  },
];
