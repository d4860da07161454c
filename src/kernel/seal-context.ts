/** What a sealed text is bound to: it opens with the key of this tenant and for this place only, whatever other texts of either say. */
export interface SealContext {
  /** Whose key it is sealed under: with that key the text is lost. */
  readonly tenant: string;
  /** Where it stands: tenant and stream, `acme/rivulet_source-shop`. */
  readonly place: string;
}

/** The context of what is sealed in a stream. */
export function sealContext(tenant: string, stream: string): SealContext {
  return { tenant, place: `${tenant}/${stream}` };
}
