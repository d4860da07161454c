import { running } from "./actor.ts";
import { subtle } from "./subtle.ts";

const real = { setTimeout, clearTimeout, now: Date.now, warn: console.warn, error: console.error, log: console.log, random: Math.random };
const realSubtle = crypto.subtle;
const realRandom = crypto.getRandomValues.bind(crypto);
let isInstalled = false;

/**
 * Gives what the engine takes from its surroundings (timers, the clock, chance, Web Crypto, the console) to the world of whoever runs.
 * Code that runs outside of a simulation keeps the real ones, so a test runner beside it notices nothing.
 */
export function installGlobals(): void {
  if (isInstalled) return;
  isInstalled = true;
  const timers = new WeakSet<object>();
  const later = (run: () => void, milliseconds: number): object | undefined => {
    const actor = running.getStore();
    if (actor === undefined) return undefined;
    const due = actor.world.clock.after(milliseconds, () => {
      if (actor.world.step(actor, "timer")) actor.run(run);
    });
    timers.add(due);
    return due;
  };
  const replaced = {
    setTimeout: (run: () => void, milliseconds = 0, ...rest: []) => later(run, milliseconds) ?? real.setTimeout(run, milliseconds, ...rest),
    clearTimeout(timer: unknown): void {
      if (typeof timer === "object" && timer !== null && timers.has(timer)) Object.assign(timer, { isCancelled: true });
      else real.clearTimeout(timer as number);
    },
    scheduler: { wait: (milliseconds: number) => new Promise<void>((resolve) => replaced.setTimeout(resolve, milliseconds)) },
  };
  Object.assign(globalThis, replaced);
  Date.now = () => running.getStore()?.world.clock.now() ?? real.now();
  const random = (array: Uint8Array): Uint8Array => {
    const world = running.getStore()?.world;
    if (world === undefined) return realRandom(array as Uint8Array<ArrayBuffer>);
    for (let i = 0; i < array.length; i++) array[i] = world.draws.between("random", 0, 255);
    return array;
  };
  Object.defineProperty(crypto, "getRandomValues", { value: random, configurable: true });
  Object.defineProperty(crypto, "subtle", { get: () => (running.getStore() === undefined ? realSubtle : subtle), configurable: true });
  Math.random = () => {
    const actor = running.getStore();
    return actor === undefined ? real.random() : actor.world.draws.draw(`chance of ${actor.name}`);
  };
  for (const level of ["warn", "error"] as const) {
    console[level] = (...parts: unknown[]) => {
      const world = running.getStore()?.world;
      if (world === undefined) real[level](...parts);
      else world.note(parts.map(String).join(" "));
    };
  }
}
