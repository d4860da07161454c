import { DurableObject } from "cloudflare:workers";

/**
 * The fourth yardstick: what the path from an append to a log costs in this runtime before any promise is kept. A bare Worker hands the
 * body to the Durable Object that the path names, which inserts each event as a row and sends them to a queue; its consumer writes them
 * as rows into D1. Nothing is checked, hashed, put in order or folded; what is lost stays lost. Plain JavaScript, for it is run as it stands.
 */
export class Rows extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT");
    this.last = sql.exec("SELECT coalesce(max(number), 0) AS number FROM rows").one().number;
  }

  append(name, body) {
    const { events } = JSON.parse(body);
    const rows = events.map((event) => [name, ++this.last, JSON.stringify(event)]);
    this.ctx.storage.transactionSync(() => {
      for (const [, number, text] of rows) this.ctx.storage.sql.exec("INSERT INTO rows (number, text) VALUES (?, ?)", number, text);
    });
    this.ctx.waitUntil(this.env.ROWS_QUEUE.send(JSON.stringify(rows), { contentType: "text" }));
    return this.last;
  }
}

const TABLE =
  "CREATE TABLE IF NOT EXISTS log (position INTEGER PRIMARY KEY, name TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (name, number)) STRICT";
const INSERT = "INSERT INTO log (name, number, text) SELECT value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(?)";

export default {
  async fetch(request, { ROWS, LOG }) {
    const { pathname } = new URL(request.url);
    if (request.method === "PUT") return Response.json(await LOG.exec(TABLE));
    if (request.method === "GET") return Response.json(await LOG.prepare("SELECT coalesce(max(position), 0) AS position FROM log").first());
    const number = await ROWS.get(ROWS.idFromName(pathname)).append(pathname, await request.text());
    return Response.json({ number }, { status: 201 });
  },

  /** Of a message, some 30 KB: as many as D1 takes as one parameter go together. */
  async queue({ messages }, { LOG }) {
    for (let at = 0; at < messages.length; at += 30) {
      const rows = messages.slice(at, at + 30).map(({ body }) => body.slice(1, -1));
      await LOG.prepare(INSERT)
        .bind(`[${rows.join(",")}]`)
        .run();
    }
  },
};
