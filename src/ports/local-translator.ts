import { translateCues, type Translator } from "../domains/subtitles/index.ts";

/** A translator that needs nobody: it marks each text with the language that it ought to be in. */
export const localTranslator: Translator = {
  translate: async ({ texts, to }) => ({
    ok: true,
    texts: translateCues(
      texts.map((text) => ({ text })),
      to,
    ).map(({ text }) => text),
  }),
};
