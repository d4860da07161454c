/** Tags that SubRip and WebVTT share; players drop SubRip's `font`, and WebVTT's too. */
const SHARED_TAG = /<\/?(?:[biu]|font(?: [^<>\n]*)?)>/gi;
/** Characters that WebVTT writes as entities, by their names. */
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", lrm: "\u200e", rlm: "\u200f", nbsp: "\u00a0" };

/** SubRip's text as WebVTT's: what is no tag is written as entities. */
export function webVttText(text: string): string {
  let written = "";
  let from = 0;
  for (const { 0: tag, index } of text.matchAll(SHARED_TAG)) {
    written += escaped(text.slice(from, index)) + tag;
    from = index + tag.length;
  }
  return written + escaped(text.slice(from));
}

/** WebVTT's text as SubRip's: italics, bold and underlined stay, voices, classes, ruby and times go, entities become characters. */
export function subRipText(text: string): string {
  return (
    text
      .replaceAll(/<(\/?)([^<>]*)>/g, (tag, slash: string, inner: string) => {
        const [, name] = /^([biu])(?:[. \t\n].*)?$/is.exec(inner) ?? [];
        if (name !== undefined) return `<${slash}${name}>`;
        return /^font(?: |$)/i.test(inner) ? tag : "";
      })
      .replaceAll(/&(amp|lt|gt|lrm|rlm|nbsp);/g, (_, name: string) => ENTITIES[name] as string)
      // An arrow in a text would be read as times, and a blank line as the cue's end.
      .replaceAll("-->", "->")
      .replaceAll(/\n\s*(?=\n|$)/g, "")
      .replace(/^\s*\n/, "")
  );
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
