import { type Ports, sha256 } from "../../../../src/kernel/index.ts";

/** A world without chance: ids count up, bytes are always the same. */
export interface FakePorts extends Ports {
  /** What was asked, in order, so that a test can count the slow work. */
  readonly asked: string[];
}

/** Ports whose texts tell nothing of what went into them, as those of the real ones. */
export function fakePorts(): FakePorts {
  const asked: string[] = [];
  const sealed = new Map<string, string>();
  const hashOf = (password: string): string => `hash-${sha256(password).slice(7, 27)}`;
  let ids = 0;
  return {
    asked,
    passwords: {
      hash: (password) => (asked.push("hash"), Promise.resolve(hashOf(password))),
      verify: (password, hash) => (asked.push("verify"), Promise.resolve(hashOf(password) === hash)),
    },
    secrets: {
      seal(text) {
        const name = `sealed-${sealed.size + 1}`;
        sealed.set(name, text);
        return Promise.resolve(name);
      },
      open(name) {
        const text = sealed.get(name);
        return text === undefined ? Promise.reject(new Error(`nothing is sealed as ${name}`)) : Promise.resolve(text);
      },
      reseal(name) {
        const text = sealed.get(name);
        return text === undefined ? Promise.resolve(undefined) : this.seal(text);
      },
    },
    random: (bytes) => Uint8Array.from({ length: bytes }, (_, index) => index + 1),
    newId: () => `s${(ids += 1)}`,
  };
}
