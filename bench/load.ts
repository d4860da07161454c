import type { Buffer } from "node:buffer";
import { Connection } from "./connection.ts";

/** A closed loop: each client sends its next request when it has the answer to the last. */
export interface Load {
  readonly origin: string;
  readonly clients: number;
  /** How long (seconds) clients begin requests; what is under way then is waited for. */
  readonly seconds: number;
  /** The n-th request, counted from 0 over all clients. */
  readonly request: (n: number) => Buffer;
  /** No more requests than this, where something would overflow. */
  readonly most?: number;
}

/** What came of a load. */
export interface Run {
  /** Answers with 2xx. */
  readonly answered: number;
  /** Other answers, by status. */
  readonly refused: Readonly<Record<string, number>>;
  /** From the first request to the last answer. */
  readonly seconds: number;
  /** Of each 2xx answer, in milliseconds; in no order. */
  readonly latencies: readonly number[];
  /** Processor time (microseconds) that the driver itself took for a request. */
  readonly driverMicros: number;
  /** Bytes of the last answer's body. */
  readonly size: number;
}

/** Runs a closed loop, over connections that are open before the clock starts. */
export async function run({ origin, clients, seconds, request, most = Infinity }: Load): Promise<Run> {
  const connections = await Promise.all(Array.from({ length: clients }, () => Connection.open(origin)));
  const latencies: number[] = [];
  const refused: Record<string, number> = {};
  let sent = 0;
  let size = 0;
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const end = begun + seconds * 1000;
  const client = async (connection: Connection): Promise<void> => {
    for (let start = performance.now(); start < end && sent < most;) {
      const answer = await connection.send(request(sent++));
      const now = performance.now();
      if (answer.status >= 200 && answer.status < 300) latencies.push(now - start);
      else refused[answer.status] = (refused[answer.status] ?? 0) + 1;
      size = answer.size;
      start = now;
    }
  };
  try {
    await Promise.all(connections.map(client));
  } finally {
    for (const connection of connections) connection.close();
  }
  const took = performance.now() - begun;
  const { user, system } = process.cpuUsage(cpu);
  return { answered: latencies.length, refused, seconds: took / 1000, latencies, driverMicros: (user + system) / Math.max(sent, 1), size };
}
