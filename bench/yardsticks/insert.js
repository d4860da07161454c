import { DurableObject } from "cloudflare:workers";

/**
 * The second yardstick: a bare Worker hands the body to the Durable Object that the path names, which inserts it as one row and
 * answers. No checks, no commit in groups: what anybody would write first. Plain JavaScript, for it is run as it stands.
 */
export class Rows extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT");
  }

  insert(text) {
    return this.ctx.storage.sql.exec("INSERT INTO rows (text) VALUES (?) RETURNING number", text).one().number;
  }
}

export default {
  async fetch(request, env) {
    const text = await request.text();
    const number = await env.ROWS.get(env.ROWS.idFromName(new URL(request.url).pathname)).insert(text);
    return Response.json({ number }, { status: 201 });
  },
};
