import { z } from "zod";
import { defineEvents, event } from "../../kernel/index.ts";

const nothing = z.object({});

// What other domains tell, as far as it is read here.

export const usersEvents = defineEvents("users", { UserRegistered: nothing, UserDeactivated: nothing });

export const authEvents = defineEvents("auth", { Registered: nothing, LoginSucceeded: nothing, LoginFailed: nothing });

export const ordersEvents = defineEvents("commerce", { OrderPlaced: z.object({ customerId: z.string() }) });

export const jobsEvents = defineEvents("video", { ProcessingRequested: nothing, DownloadRequested: event(nothing, { type: "subtitle.download.requested" }) });
