import { anEvent } from "./an-event.ts";
import { everywhereHeaders } from "./everywhere-headers.ts";
import { everywhere } from "./everywhere.ts";
import { inboundWebhooks } from "./inbound-webhooks.ts";
import type { Section } from "./sentence.ts";
import { streamsAppend } from "./streams-append.ts";
import { streams } from "./streams.ts";
import { theWholeLog } from "./the-whole-log.ts";

/** What a client may rely on, sentence by sentence, and where each is shown: the contract's first five sections. */
export const contract: readonly Section[] = [everywhere, everywhereHeaders, anEvent, streamsAppend, streams, theWholeLog, inboundWebhooks];
