import { createServer } from "node:net";

/** Refuses, in a sentence, where something listens on this port of 127.0.0.1 already. Port 0 is any, so it is always free. */
export async function expectFreePort(port: number): Promise<void> {
  const probe = createServer();
  const code = await new Promise<string | undefined>((resolve) => {
    probe.once("error", (fault: NodeJS.ErrnoException) => resolve(fault.code ?? fault.message));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
  if (code === "EADDRINUSE") throw portInUse(port);
  if (code === "EACCES") throw new Error(`expected port ${port} to be allowed, got "permission denied". Set PORT to one above 1023.`);
  if (code !== undefined) throw new Error(`expected to listen on 127.0.0.1:${port}, got ${code}`);
}

/** The sentence for a port that is taken. */
export function portInUse(port: number): Error {
  return new Error(`expected port ${port} to be free, got something that listens on it. Stop it, or set PORT to another one.`);
}
