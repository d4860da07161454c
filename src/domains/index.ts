import type { Module } from "../kernel/index.ts";

/** Every domain of this deployment: a new one is its folder, and a line here. */
export const modules: readonly Module[] = [];
