import * as platform from "./worker.js";

const { Aggregate, default: worker } = platform;

/**
 * The built worker, with everything counted that is billed. Plain JavaScript, for it is run as it stands, beside the built worker.
 * `/.usage` gives the counts; it is no request of the platform and is not counted.
 */
const counts = { requests: 0, objectRequests: 0, alarms: 0, looks: 0, messages: [], log: { written: 0, read: 0 }, views: { written: 0, read: 0 } };
/** Rows are known only once a cursor was read to its end, so cursors are kept and asked when the counts are. */
const cursors = new Set();
const rows = { written: 0, read: 0 };

function settleCursors() {
  for (const cursor of cursors) {
    rows.written += cursor.rowsWritten;
    rows.read += cursor.rowsRead;
  }
  cursors.clear();
}

class CountedStatement {
  constructor(real, count) {
    this.real = real;
    this.count = count;
  }

  bind(...values) {
    return new CountedStatement(this.real.bind(...values), this.count);
  }

  async all() {
    return noted(await this.real.all(), this.count);
  }

  async run() {
    return noted(await this.real.run(), this.count);
  }

  async first() {
    return (await this.all()).results[0] ?? null;
  }
}

function noted(result, count) {
  count.written += result.meta.rows_written ?? 0;
  count.read += result.meta.rows_read ?? 0;
  return result;
}

function countedD1(db, count) {
  return {
    prepare: (sql) => new CountedStatement(db.prepare(sql), count),
    async batch(statements) {
      const results = await db.batch(statements.map(({ real }) => real));
      return results.map((result) => noted(result, count));
    },
  };
}

function countedQueue(queue) {
  const count = (body) => counts.messages.push(new TextEncoder().encode(body).byteLength);
  return {
    send(body, options) {
      count(body);
      return queue.send(body, options);
    },
    sendBatch(messages) {
      const sent = [...messages];
      for (const { body } of sent) count(body);
      return queue.sendBatch(sent);
    },
  };
}

const wrapped = new WeakMap();

function counted(env) {
  if (!wrapped.has(env)) {
    const { LOG_0, VIEWS_0, EVENTS_0 } = env;
    wrapped.set(env, { ...env, LOG_0: countedD1(LOG_0, counts.log), VIEWS_0: countedD1(VIEWS_0, counts.views), EVENTS_0: countedQueue(EVENTS_0) });
  }
  return wrapped.get(env);
}

let patched = false;

/** All objects share the classes of their storage, so counting begins with the first one. */
function countStorage({ storage }) {
  if (patched) return;
  patched = true;
  const sqlClass = Object.getPrototypeOf(storage.sql);
  const { exec } = sqlClass;
  sqlClass.exec = function (...args) {
    const cursor = exec.apply(this, args);
    cursors.add(cursor);
    return cursor;
  };
  const storageClass = Object.getPrototypeOf(storage);
  const { setAlarm } = storageClass;
  storageClass.setAlarm = function (...args) {
    counts.alarms++;
    return setAlarm.apply(this, args);
  };
}

const NOT_CALLED_FROM_OUTSIDE = new Set(["constructor", "parts", "ports", "webSocketClose"]);

/** A class whose public methods count: each call from outside is a billed request, an alarm too. */
function countedClass(Real) {
  const Counted = class extends Real {
    constructor(ctx, env) {
      countStorage(ctx);
      super(ctx, counted(env));
    }
  };
  for (let proto = Real.prototype; Object.getPrototypeOf(Object.getPrototypeOf(proto)) !== null; proto = Object.getPrototypeOf(proto)) {
    for (const name of Object.getOwnPropertyNames(proto)) {
      if (NOT_CALLED_FROM_OUTSIDE.has(name) || Object.hasOwn(Counted.prototype, name)) continue;
      const method = Real.prototype[name];
      Counted.prototype[name] = function (...args) {
        counts.objectRequests++;
        return method.apply(this, args);
      };
    }
  }
  return Counted;
}

/** Once a stream's alarm is through, nothing more comes of what was appended before. */
class CountedAggregate extends countedClass(Aggregate) {
  async alarm() {
    await super.alarm();
    counts.looks++;
  }
}

// The other classes are exported by the lines that are added to this file, one for each that the worker is configured with.
export { CountedAggregate as Aggregate };

export default {
  fetch(request, env) {
    if (new URL(request.url).pathname === "/.usage") {
      settleCursors();
      return Response.json({ ...counts, rows });
    }
    counts.requests++;
    return worker.fetch(request, counted(env));
  },
  queue(batch, env) {
    return worker.queue(batch, counted(env));
  },
};
