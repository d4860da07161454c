import { type SubtitleLibrary, titleId } from "../domains/subtitles/index.ts";
import { libraryText, type OpenAggregate, storedTitle } from "./stored-subtitles.ts";

/** The name of the library among a job's preferred sources. */
const SOURCE = "library";

/** The library that people fill with `PUT /subtitles/library/…`: one tenant's, read from its aggregates. */
export function storedLibrary(open: OpenAggregate): SubtitleLibrary {
  return {
    async candidates(title) {
      const state = await storedTitle(open, titleId(title));
      return Object.keys(state?.files ?? {}).map((language) => ({ language, source: SOURCE }));
    },
    read: (name) => libraryText(open, name),
  };
}
