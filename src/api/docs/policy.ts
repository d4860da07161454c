import { createHash } from "node:crypto";
import { SCRIPT, STYLE } from "./assets.ts";

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Headers that let the page run its own script and style, known by their hashes, and reach nothing else. */
export function docsPolicy(): Readonly<Record<string, string>> {
  const directives = [
    "default-src 'none'",
    `script-src ${hashOf(SCRIPT)}`,
    `style-src ${hashOf(STYLE)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    "content-security-policy": directives.join("; "),
    "cache-control": "public, max-age=300",
  };
}
