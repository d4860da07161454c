import { categoryOf, isPlatformCategory } from "../../kernel/index.ts";

/** Whether a stream is the platform's own: lists, the log and live connections leave it out unless it is named. */
export function isPlatforms(stream: string): boolean {
  return isPlatformCategory(categoryOf(stream));
}
