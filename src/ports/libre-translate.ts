import { z } from "zod";
import { moreGeneral, type Translated, type TranslationAsked, type Translator } from "../domains/subtitles/index.ts";
import { boundedText } from "./bounded-text.ts";
import { fromSent, toSend } from "./translated-markup.ts";

/** Where a LibreTranslate server is (https://docs.libretranslate.com), and the key for one that wants one. */
export interface LibreTranslateGiven {
  readonly url: string;
  readonly apiKey?: string;
  readonly fetch?: typeof fetch;
  /** Milliseconds that one request may take; 10 s where left out. */
  readonly requestMs?: number;
  /** Milliseconds that all of a file may take; 60 s where left out. */
  readonly fileMs?: number;
}

/** What goes in one request: public servers take little at a time. */
const MOST_TEXTS = 50;
const MOST_CHARACTERS = 4_000;
/** Bytes of an answer that are read. */
const MOST_BYTES = 1_048_576;

const languages = z.array(z.object({ code: z.string() }));
const answered = z.object({ translatedText: z.array(z.string()) });
const refused = z.object({ error: z.string() });

type Failed = Extract<Translated, { readonly ok: false }>;
type Asked<Body> = { readonly ok: true; readonly body: Body } | Failed;

/** A translator that speaks LibreTranslate's protocol. What is no text goes back and forth as markup; voices, classes and times within a cue are lost. */
export function libreTranslate(given: LibreTranslateGiven): Translator {
  return {
    async translate(asked) {
      const signal = AbortSignal.any([asked.signal, AbortSignal.timeout(given.fileMs ?? 60_000)]);
      const ask = asking(given, signal);
      const known = await ask("languages", languages);
      if (!known.ok) return known;
      const codes = known.body.map(({ code }) => code);
      const [source, target] = [codeOf(asked.from, codes), codeOf(asked.to, codes)];
      if (source === undefined || target === undefined) {
        return { ok: false, reason: `The translator does not know the language ${source === undefined ? asked.from : asked.to}.`, isFinal: true };
      }
      return translated(asked, (texts, format) => {
        const key = given.apiKey !== undefined && { api_key: given.apiKey };
        return ask("translate", answered, { q: texts, source, target, format, ...key });
      });
    },
  };
}

type Ask = <Body>(path: string, schema: z.ZodType<Body>, body?: unknown) => Promise<Asked<Body>>;

function asking({ url, requestMs = 10_000, ...given }: LibreTranslateGiven, signal: AbortSignal): Ask {
  const go = given.fetch ?? fetch;
  return async (path, schema, body) => {
    const target = new URL(path, url.endsWith("/") ? url : `${url}/`);
    const sent = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    try {
      const response = await go(target, { ...sent, redirect: "manual", signal: AbortSignal.any([signal, AbortSignal.timeout(requestMs)]) });
      const text = await boundedText(response, MOST_BYTES);
      if (text === undefined) return { ok: false, reason: `The translator answered more than ${MOST_BYTES} bytes.`, isFinal: true };
      const json = parsed(text);
      if (!response.ok) return refusal(response.status, json);
      const answer = schema.safeParse(json);
      return answer.success
        ? { ok: true, body: answer.data }
        : { ok: false, reason: "The translator answered something else than was asked for.", isFinal: true };
    } catch {
      // The error's text may name what is inside; which of the two it was is all that helps.
      return { ok: false, reason: signal.aborted ? "The translator took too long." : "The translator could not be reached, or took too long.", isFinal: false };
    }
  };
}

function refusal(status: number, json: unknown): Failed {
  const said = refused.safeParse(json);
  const isFinal = status < 500 && status !== 408 && status !== 429;
  return { ok: false, reason: `The translator answered ${status}${said.success ? `: ${said.data.error.slice(0, 500)}` : "."}`, isFinal };
}

async function translated(
  { texts, format }: TranslationAsked,
  ask: (texts: readonly string[], format: "html" | "text") => Promise<Asked<z.output<typeof answered>>>,
): Promise<Translated> {
  const isMarkup = format === "vtt" || texts.some((text) => /<[/a-z]/i.test(text));
  const made = [...texts];
  for (const batch of batches(texts)) {
    const sent = batch.map((index) => (isMarkup ? toSend(texts[index] ?? "", format) : (texts[index] ?? "")));
    const answer = await ask(sent, isMarkup ? "html" : "text");
    if (!answer.ok) return answer;
    const { translatedText } = answer.body;
    if (translatedText.length !== batch.length)
      return { ok: false, reason: `The translator was given ${batch.length} texts, and answered ${translatedText.length}.`, isFinal: true };
    for (const [place, index] of batch.entries()) made[index] = isMarkup ? fromSent(translatedText[place] ?? "", format) : (translatedText[place] ?? "");
  }
  return { ok: true, texts: made };
}

/** Which texts go together, by their places. One that is blank stays as it is. */
function batches(texts: readonly string[]): readonly (readonly number[])[] {
  const all: number[][] = [];
  let size = MOST_CHARACTERS;
  for (const [index, text] of texts.entries()) {
    if (text.trim() === "") continue;
    const last = all.at(-1);
    if (last === undefined || last.length >= MOST_TEXTS || size + text.length > MOST_CHARACTERS) {
      all.push([index]);
      size = text.length;
    } else {
      last.push(index);
      size += text.length;
    }
  }
  return all;
}

/** The server's own name for a language: the tag itself, a more general one, or a more precise one. */
function codeOf(tag: string, codes: readonly string[]): string | undefined {
  const exact = moreGeneral(tag).flatMap((general) => codes.filter((code) => code.toLowerCase() === general));
  return exact[0] ?? codes.find((code) => code.toLowerCase().startsWith(`${tag}-`));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
