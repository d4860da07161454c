import type { Action, Story } from "./story.ts";

/** Whether a story still fails. */
export type Fails = (story: Story) => Promise<boolean>;

/** Runs that shrinking may take; what it has come to by then is given. */
const MOST_RUNS = 600;

/** The shortest form of a story that fails: actions are left out while it still does, then each is made plainer. */
export async function shrink(story: Story, fails: Fails): Promise<Story> {
  let runs = 0;
  const stillFails: Fails = async (candidate) => ++runs <= MOST_RUNS && fails(candidate);
  let best = await withFewer(story, stillFails);
  for (;;) {
    const plainer = await withPlainer(best, stillFails);
    if (plainer === best) return best;
    best = await withFewer(plainer, stillFails);
  }
}

/** Leaves out halves, quarters, … single actions, as long as the rest still fails. */
async function withFewer(story: Story, fails: Fails): Promise<Story> {
  let best = story;
  for (let size = Math.ceil(best.actions.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.actions.length;) {
      const candidate = { ...best, actions: best.actions.toSpliced(at, size) };
      if (await fails(candidate)) best = candidate;
      else at += size;
    }
  }
  return best;
}

/** Makes one action after the other plainer. Gives the same story where nothing could be. */
async function withPlainer(story: Story, fails: Fails): Promise<Story> {
  let best = story;
  if (best.consumers > 1 && (await fails({ ...best, consumers: 1 }))) best = { ...best, consumers: 1 };
  for (let index = 0; index < best.actions.length; index++) {
    for (const plainer of plainerThan(best.actions[index] as Action)) {
      const candidate = { ...best, actions: best.actions.with(index, plainer) };
      if (!(await fails(candidate))) continue;
      best = candidate;
      index--;
      break;
    }
  }
  return best;
}

function* plainerThan(action: Action): Generator<Action> {
  if (action.do === "append") {
    const { key, isTwice, isClash, ...rest } = action;
    if (key !== undefined) yield { ...rest, ...(isClash && { isClash }) };
    if (isTwice) yield { ...rest, ...(key !== undefined && { key }), ...(isClash && { isClash }) };
    if (action.ids.length > 0) yield { ...action, ids: [] };
    if (action.count > Math.max(1, action.ids.length)) yield { ...action, count: Math.max(1, action.ids.length) };
  }
  if (action.do === "execute" && action.key !== undefined) {
    const { key: _, ...rest } = action;
    yield rest;
  }
  if ("when" in action && action.when !== "none") yield { ...action, when: "none" };
  if (action.do === "fault" && action.times > 1) yield { ...action, times: 1 };
  if (action.do === "fault" && action.skip > 0) yield { ...action, skip: 0 };
}
