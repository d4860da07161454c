import { sourceStream, type SourceState } from "../webhooks/source.ts";
import type { Services } from "./services.ts";

/** A source as its aggregate knows it now, and the stream's version; nothing is configured for one that nobody set up. */
export async function sourceState(services: Services, tenant: string, source: string): Promise<SourceState & { readonly version: number }> {
  const { state, version } = await services.objectFor(tenant, sourceStream(source)).state();
  return { ...(JSON.parse(state) as SourceState), version };
}
