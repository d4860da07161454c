import { z } from "zod";

/** Where a video is to be had. */
/** An address as it is written, without white space around it, of one of these schemes. */
export const urlOf = (schemes: string, error: string) =>
  z
    .string()
    .max(2048)
    .regex(new RegExp(`^(${schemes})://[^\\s]+$`), error)
    .refine((url) => URL.canParse(url), error);

export const videoUrl = urlOf("https?", "Expected an http or https URL");

/** The id of a video's job. */
export const jobId = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._~:-]{1,200}$/, "Expected 1 to 200 of [A-Za-z0-9._~:-], but not . or ..");
