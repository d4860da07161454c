import { cp, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** An event as its object's file has it. */
export interface StoredEvent {
  readonly version: number;
  readonly id: string;
  readonly hash: string;
}

interface Row {
  readonly version: number;
  readonly envelope: string;
}

interface Envelope {
  readonly stream: string;
  readonly id: string;
  readonly hash: string;
}

/**
 * Every stream of the tenant `default`, read from the files of a server that does not run: so nothing is asked of the objects. Read
 * from a copy, because opening such a file repairs it, and that is the server's to do.
 */
export async function streamsOnDisk(stateDir: string): Promise<ReadonlyMap<string, readonly StoredEvent[]>> {
  return new Map(await fromEach(join(stateDir, "v3/do/rivulet-Aggregate"), "events_v1", readStream));
}

/** An event with what it says, as its object's file has it; data that is kept deflated is left out. */
export interface ToldEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The streams whose names begin so, with what their events say, read in the same way: those that were written to since a time (milliseconds since 1970). */
export async function eventsOnDisk(stateDir: string, prefix: string, since: number): Promise<ReadonlyMap<string, readonly ToldEvent[]>> {
  return new Map(await fromEach(join(stateDir, "v3/do/rivulet-Aggregate"), "events_v1", (db) => readTold(db, prefix), since));
}

/** How many events of each stream the log has, read in the same way. */
export async function logOnDisk(stateDir: string): Promise<ReadonlyMap<string, number>> {
  return new Map(
    await fromEach(join(stateDir, "v3/d1/miniflare-D1DatabaseObject"), "events", (db) => {
      const rows = db.prepare("SELECT stream, count(*) AS events FROM events GROUP BY stream").all() as { stream: string; events: number }[];
      return rows.map(({ stream, events }): [string, number] => [stream, events]);
    }),
  );
}

/** What is read from each database of a folder that has the table, and was written to since. */
async function fromEach<Found>(folder: string, table: string, read: (db: DatabaseSync) => readonly Found[], since = 0): Promise<readonly Found[]> {
  const copy = await mkdtemp(join(tmpdir(), "rivulet-copy-"));
  try {
    const recent = await writtenSince(folder, since);
    // Without the index of the log beside it, which is shared memory: it is made again.
    await cp(folder, copy, { recursive: true, filter: (file) => file === folder || (!file.endsWith("-shm") && recent.has(databaseOf(file))) });
    const files = (await readdir(copy)).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite");
    return files.flatMap((name) => readFrom(join(copy, name), table, read));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** The databases of a folder that were written to since a time: what is new stands in the log beside the file. */
async function writtenSince(folder: string, since: number): Promise<ReadonlySet<string>> {
  const files = (await readdir(folder)).map((name) => join(folder, name));
  const times = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
  return new Set(files.filter((_, index) => (times[index] as number) >= since).map(databaseOf));
}

function databaseOf(file: string): string {
  return file.replace(/-(?:wal|shm)$/, "");
}

function readFrom<Found>(file: string, table: string, read: (db: DatabaseSync) => readonly Found[]): readonly Found[] {
  const db = new DatabaseSync(file);
  try {
    return db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table) === undefined ? [] : read(db);
  } finally {
    db.close();
  }
}

function readStream(db: DatabaseSync): readonly [string, readonly StoredEvent[]][] {
  // Version 0, where there is one, is the object's own name and no event.
  const rows = db.prepare("SELECT version, envelope FROM events_v1 WHERE version > 0 ORDER BY version").all() as unknown as readonly Row[];
  const events = rows.map(({ version, envelope }) => ({
    version,
    ...(JSON.parse(envelope) as Envelope),
  }));
  const [first] = events;
  return first === undefined ? [] : [[first.stream, events.map(({ version, id, hash }) => ({ version, id, hash }))]];
}

function readTold(db: DatabaseSync, prefix: string): readonly [string, readonly ToldEvent[]][] {
  const rows = db.prepare("SELECT envelope, data FROM events_v1 WHERE version > 0 ORDER BY version").all() as unknown as readonly {
    readonly envelope: string;
    readonly data: unknown;
  }[];
  const events = rows.map(({ envelope, data }) => ({
    ...(JSON.parse(envelope) as { readonly stream: string; readonly type: string }),
    data: typeof data === "string" && data !== "" ? (JSON.parse(data) as ToldEvent["data"]) : {},
  }));
  const [first] = events;
  return first?.stream.startsWith(prefix) ? [[first.stream, events.map(({ type, data }) => ({ type, data }))]] : [];
}
