import type { AskedForLeave, Leave } from "../../followers/sink/handshake.ts";
import type { SubscriptionSettings } from "../../followers/subscription.ts";
import { canonicalJson } from "../../kernel/index.ts";
import { invalidInput } from "../endpoint.ts";
import type { Services } from "../services.ts";
import type { PushSink } from "./sealed-sink.ts";

/** What is kept of a sink's answer. */
export type Handshake = NonNullable<PushSink["handshake"]>;

/** Asks each sink once for leave, however often a command has to be prepared. */
export class LeaveAsked {
  readonly #services: Pick<Services, "askForLeave" | "allowLocalTargets">;
  readonly #asked = new Map<string, Promise<Leave>>();

  constructor(services: Pick<Services, "askForLeave" | "allowLocalTargets">) {
    this.#services = services;
  }

  /**
   * What is to be kept of the handshake for these settings: nothing in the format standard; what was kept before (`now`) where the sink
   * is the same; else what the sink says. 422 where it says no. One that knows no handshake, or is not there yet, is taken: the
   * contract does not ask for it, and a sink cannot be lost by what it has never heard of.
   */
  async of(wanted: SubscriptionSettings, headers: AskedForLeave["headers"], now?: SubscriptionSettings): Promise<Handshake | undefined | Response> {
    const { sink, format, timeoutMs } = wanted;
    if (format !== "cloudevents" || sink.kind === "pull") return undefined;
    if (now?.format === format && now.sink.kind === "push" && now.sink.url === sink.url && now.sink.headers === sink.headers) return now.sink.handshake;
    const leave = await this.#ask({ url: sink.url, headers, timeoutMs, allowLocal: this.#services.allowLocalTargets });
    if (leave.answer === "denied") return invalidInput([{ path: "sink.url", message: leave.error }]);
    return leave.answer === "allowed" ? leave : { answer: leave.answer };
  }

  #ask(sink: AskedForLeave): Promise<Leave> {
    const key = canonicalJson(sink);
    const asked = this.#asked.get(key) ?? this.#services.askForLeave(sink);
    this.#asked.set(key, asked);
    return asked;
  }
}
