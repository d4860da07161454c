/** A stream's name among all tenants', as `Projected.failed` has it. */
export function streamKey(of: { readonly tenant: string; readonly stream: string }): string {
  return `${of.tenant}/${of.stream}`;
}
