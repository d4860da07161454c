import { metadataText, type RecordedEvent } from "../kernel/index.ts";

/** Characters that an event holds, about: what all envelopes have is counted as 500. */
export function weightOf({ data, metadata, cloudevent }: RecordedEvent): number {
  return data.length + metadataText(metadata).length + (cloudevent === undefined ? 0 : JSON.stringify(cloudevent).length) + 500;
}
