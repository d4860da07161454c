import { z } from "zod";
import { canonicalJson, defineDecider, defineEvents, reject, sha256 } from "../../kernel/index.ts";
import { language } from "./language.ts";
import { readSubtitles } from "./read-subtitles.ts";
import { subtitleFormat } from "./subtitle-file.ts";

/** A file that was made for a job. */
export const resultFile = z.object({ language, format: subtitleFormat, text: z.string().min(1).max(1_048_576) });

/** The facts of a result. */
export const resultEvents = defineEvents("subtitle.result", { FileKept: resultFile });

/** What is known of a result without its text, which stays in its event. */
export interface ResultState {
  readonly fingerprint?: string;
}

/** The file that a translator made for a job, by the job's id: kept once, and never changed. */
export const subtitleResult = defineDecider({
  category: "subtitle_result",
  events: resultEvents,
  commands: { KeepFile: resultFile },
  initialState: (): ResultState => ({}),
  evolve: { FileKept: (_, { data }) => ({ fingerprint: sha256(canonicalJson(data)) }) },
  decide: {
    KeepFile({ data }, { fingerprint }) {
      if (fingerprint !== undefined) return fingerprint === sha256(canonicalJson(data)) ? [] : reject("already_kept", "The job has another file already.");
      const read = readSubtitles(data.text, data.format);
      if (read.ok) return resultEvents.FileKept(data);
      return reject("broken_file", read.faults.map(({ line, message }) => `line ${line}: ${message}`).join("; "));
    },
  },
});
