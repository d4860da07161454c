import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** Milliseconds. */
export const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Asks again until what is asked for holds; gives the last answer when the time (milliseconds) is over. */
export async function until<Value>(ask: () => Value | Promise<Value>, holds: (value: Value) => boolean, time: number): Promise<Value> {
  const deadline = Date.now() + time;
  for (;;) {
    const value = await ask();
    if (holds(value) || Date.now() > deadline) return value;
    await pause(50);
  }
}
