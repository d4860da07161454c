/** Why a generator stops: it was not understood (`usage`, exit code 2), or it may not (`refused`, exit code 1). Nothing was written then. */
export type StopCode = "usage" | "refused";

/** A stop with its reason, to be thrown; known by its code. */
export function stopped(code: StopCode, message: string): Error & { readonly code: StopCode } {
  return Object.assign(new Error(message), { code });
}

/** The code of a stop; undefined for any other fault. */
export function stopCodeOf(fault: unknown): StopCode | undefined {
  const code = fault instanceof Error && "code" in fault ? fault.code : undefined;
  return code === "usage" || code === "refused" ? code : undefined;
}
