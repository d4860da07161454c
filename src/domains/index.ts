import type { Module } from "../kernel/index.ts";
import { auth } from "./auth/index.ts";
import { commerce } from "./commerce/index.ts";
import { platform } from "./platform/index.ts";
import { subtitles } from "./subtitles/index.ts";
import { users } from "./users/index.ts";
import { videos } from "./video/index.ts";

/** Every domain of this deployment: a new one is its folder, and a line here. */
export const modules: readonly Module[] = [auth, commerce, platform, subtitles, users, videos];
