import { z } from "zod";

/** Where a video is to be had. */
export const videoUrl = z.url({ protocol: /^https?$/, error: "Expected an http or https URL" }).max(2048);

/** The id of a video's job. */
export const jobId = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._~:-]{1,200}$/, "Expected 1 to 200 of [A-Za-z0-9._~:-], but not . or ..");
