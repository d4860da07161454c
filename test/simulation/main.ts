import "./resolve-workers.ts";
import { HELP, type Options, optionsOf } from "./options.ts";
import { storyText } from "./story-text.ts";

const { crashEverywhere } = await import("./everywhere.ts");
const { runStory } = await import("./run-story.ts");
const { shrink } = await import("./shrink.ts");
const { simulate } = await import("./simulate.ts");
const { storyOf } = await import("./story.ts");
const { Totals } = await import("./totals.ts");

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options;
  try {
    options = optionsOf(process.argv.slice(2));
  } catch (fault) {
    console.error(`simulation: ${(fault as Error).message}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  return options.everywhere ? everywhere(options) : seeds(options);
}

async function seeds({ seeds, first, isOne, steps, stop, shrink: isShrinking }: Options): Promise<number> {
  const began = performance.now();
  const totals = new Totals();
  let failed = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    if (isOne) await tellSeed(seed, steps);
    const { fault, story, figures } = await simulate({ seed });
    totals.add(figures);
    if (process.stderr.isTTY) process.stderr.write(`\r${totals.seeds} of ${seeds} seeds, ${failed} failed`);
    if (fault === undefined) continue;
    failed++;
    console.log(`\nseed ${seed} fails: ${fault}`);
    if (isShrinking) {
      const kind = kindOf(fault);
      const shortest = await shrink(story, async (candidate) => kindOf((await runStory(candidate)).fault) === kind);
      console.log(`its shortest form fails too: ${(await runStory(shortest)).fault}\n${storyText(shortest)}`);
    }
    if (stop) break;
  }
  if (process.stderr.isTTY) process.stderr.write("\r");
  console.log(totals.text(failed, performance.now() - began));
  return failed === 0 ? 0 : 1;
}

/** A fault without its names and numbers: a shorter story is to fail by the same, not by whatever comes first. */
function kindOf(fault: string | undefined): string | undefined {
  return fault?.replaceAll(/\S*[\d/]\S*/g, "…");
}

async function tellSeed(seed: number, steps: boolean): Promise<void> {
  const story = storyOf(seed);
  console.log(storyText(story));
  if (!steps) return;
  let began: number | undefined;
  await runStory(story, {
    onStep(time, who, what) {
      began ??= time;
      console.log(`  ${((time - began) / 1_000).toFixed(4).padStart(9)} s  ${who}: ${what}`);
    },
  });
}

async function everywhere({ isOne, first }: Options): Promise<number> {
  const began = performance.now();
  const { tried, failed, runs } = await crashEverywhere(isOne ? storyOf(first) : undefined);
  const totals = new Totals();
  for (const { figures } of runs) totals.add(figures);
  for (const { step, fault } of failed) console.log(`a crash at step ${step} fails: ${fault}`);
  console.log(`${tried} crash points, one at each step; ${totals.text(failed.length, performance.now() - began)}`);
  return failed.length === 0 ? 0 : 1;
}
