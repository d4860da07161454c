import type { HeaderFields } from "../support/http.ts";
import { assertEvent, open } from "./open.ts";

/** An event as a listener hears it, with what it resumes by. */
export interface Heard {
  readonly id: number;
  readonly event: {
    readonly stream: string;
    readonly version: number;
    readonly position?: number;
    readonly data: { readonly n: number };
    readonly type: string;
  };
}

/** What a listener can do. */
export interface Listening {
  readonly response: Response;
  /** The next so many events, each of them as /openapi.json describes one. */
  hear(count: number): Promise<readonly Heard[]>;
  /** The next so many lines that are no events: `retry: …` and comments. */
  rest(count: number): Promise<readonly string[]>;
  /** Reads to the end. */
  end(): Promise<void>;
  leave(): Promise<void> | undefined;
}

/** Listens by server-sent events, as a browser would. */
export async function listen(path: string, headers: HeaderFields = {}): Promise<Listening> {
  const response = await open(path, headers);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const block = async (): Promise<string> => {
    for (let end = text.indexOf("\n\n"); ; end = text.indexOf("\n\n")) {
      if (end >= 0) {
        const found = text.slice(0, end);
        text = text.slice(end + 2);
        return found;
      }
      const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
      if (done) throw new Error("expected more events, got the end");
      text += value;
    }
  };
  return {
    response,
    async hear(count) {
      const heard: Heard[] = [];
      while (heard.length < count) {
        const [, id, data] = /^id: (\d+)\ndata: (.*)$/s.exec(await block()) ?? [];
        if (id === undefined || data === undefined) continue;
        await assertEvent(data);
        heard.push({ id: Number(id), event: JSON.parse(data) as Heard["event"] });
      }
      return heard;
    },
    async rest(count) {
      const found: string[] = [];
      while (found.length < count) {
        const next = await block();
        if (!next.startsWith("id:")) found.push(next);
      }
      return found;
    },
    async end() {
      while (!(await reader?.read())?.done);
    },
    leave: () => reader?.cancel(),
  };
}
