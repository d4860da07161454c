import { SOURCE_CATEGORY, type SourceState } from "../webhooks/source.ts";
import type { Services } from "./services.ts";

/** The stream that a source's settings live in. */
export function sourceStream(source: string): string {
  return `${SOURCE_CATEGORY}-${source}`;
}

/** A source as its aggregate knows it now, and the stream's version; nothing is configured for one that nobody set up. */
export async function sourceState(services: Services, tenant: string, source: string): Promise<SourceState & { readonly version: number }> {
  const { state, version } = await services.objectFor(tenant, sourceStream(source)).state();
  return { ...(JSON.parse(state) as SourceState), version };
}
