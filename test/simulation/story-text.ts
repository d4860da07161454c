import { errandText } from "./errand-story.ts";
import type { Action, Story } from "./story.ts";

/** A story as people read it: a line for each action, with the seconds since it began. */
export function storyText({ seed, consumers, actions }: Story): string {
  const lines = actions.map((action) => `  ${(action.at / 1_000).toFixed(3).padStart(8)} s  ${textOf(action)}`);
  return [`seed ${seed}, ${consumers} ${consumers === 1 ? "projector" : "projectors"} at a time`, ...lines].join("\n");
}

function textOf(action: Action): string {
  switch (action.do) {
    case "append": {
      const ids = action.ids.length === 0 ? "" : `, with the ids ${action.ids.join(", ")}${action.isClash ? ", the first with other data" : ""}`;
      return `append ${action.count} to ${action.stream}${ids}${suffix(action)}${action.isTwice ? ", sent twice" : ""}`;
    }
    case "execute":
      return `${action.command} ${action.stream} (${action.value})${suffix(action)}`;
    case "close":
      return `${action.purge ? "purge" : "close"} ${action.stream}${suffix(action)}`;
    case "retain":
      return `keep the last ${action.keep} of ${action.stream}`;
    case "read log":
      return `read the log of ${action.tenant}`;
    case "rebuild":
      return `${action.purpose} the view ${action.view} of ${action.tenant}`;
    case "foreign":
      return "a message of an unknown form comes";
    case "crash":
      return `${action.who} crashes at its step ${action.step} from here`;
    case "evict":
      return `${action.who} is evicted`;
    case "fault": {
      const who = action.who === undefined ? "" : ` of ${action.who}`;
      return `${action.place}${who} fails (${action.mode}), ${action.times} times, after ${action.skip} that go well`;
    }
    case "deploy":
      return `the new build gets ${action.share * 100} % of what starts`;
    case "copy log":
      return "the log is copied";
    case "restore log":
      return "the log is set back to the copy; without one it is made anew";
    case "copy stream":
      return `the database of ${action.stream} is copied`;
    case "restore stream":
      return `the database of ${action.stream} is set back to the copy, if there is one`;
    case "subscribe": {
      const { types, filter, order, concurrency, from, maxAttempts, sink, isPulled } = action.wanted;
      const what = `${types.join(", ")}${filter === undefined ? "" : ` (${filter})`}`;
      return `${action.follower} is made: ${what} from ${from} to ${isPulled ? "who pulls" : sink}, order ${order}, ${concurrency} at a time, ${maxAttempts} attempts`;
    }
    case "ask":
    case "confirm":
    case "retry":
    case "cancel":
      return errandText(action);
    case "steer":
      return `${action.how} ${action.follower}`;
    case "pull": {
      const { limit, leaseMs, works, handling, reason } = action;
      const why = reason === undefined ? "" : ", with a reason";
      return `somebody leases ${limit} from ${action.follower} for ${leaseMs / 1_000} s, and after ${works / 1_000} s: ${handling}${why}`;
    }
    default:
      return `${action.do} ${action.stream}`;
  }
}

function suffix(action: { readonly key?: number; readonly when: string }): string {
  const when = { none: "", known: ", at the version that is known", stale: ", at a version that is wrong", new: ", if it is new", exists: ", if it exists" }[
    action.when
  ];
  return `${when ?? ""}${action.key === undefined ? "" : `, key ${action.key}`}`;
}
