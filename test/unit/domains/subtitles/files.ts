import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../../fixtures/subtitles/", import.meta.url).pathname;

/** The names of the files in a folder of the fixtures: `whole` or `broken`. */
export function namesIn(folder: "whole" | "broken"): readonly string[] {
  return readdirSync(`${FOLDER}${folder}`).toSorted();
}

/** A file of the fixtures as bytes. */
export function bytesOf(folder: "whole" | "broken", name: string): Uint8Array {
  return new Uint8Array(readFileSync(`${FOLDER}${folder}/${name}`));
}
