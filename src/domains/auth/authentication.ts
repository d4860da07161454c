import { z } from "zod";
import { defineDecider, defineEvents, reject } from "../../kernel/index.ts";

const email = z.string().min(1).max(254);
const reason = z.string().min(1).max(1000);
const at = z.iso.datetime();

/** How a user comes to an account, and loses it. */
export const authenticationEvents = defineEvents("auth", {
  AuthenticationSetUp: z.object({ email, at }),
  AuthenticationClosed: z.object({ reason, at }),
});

/** Whether a user may have an account; it is there before the user has chosen a password, and stays when the account is closed. */
export interface AuthenticationState {
  readonly status: "none" | "set_up" | "closed";
  readonly email?: string;
}

/** The aggregate `authentication`; its id is the user's, as that of the account is. */
export const authentication = defineDecider({
  category: "authentication",
  events: authenticationEvents,
  commands: { SetUp: z.object({ email }), Close: z.object({ reason }) },
  initialState: (): AuthenticationState => ({ status: "none" }),
  evolve: {
    AuthenticationSetUp: (_, { data }) => ({ status: "set_up", email: data.email }),
    AuthenticationClosed: (state) => ({ ...state, status: "closed" }),
  },
  decide: {
    SetUp({ data }, state, { now }) {
      if (state.status === "none") return authenticationEvents.AuthenticationSetUp({ email: data.email, at: now });
      return state.status === "closed" || state.email === data.email ? [] : reject("already_set_up", "It is set up already, for another e-mail address.");
    },
    Close: ({ data }, { status }, { now }) => (status === "closed" ? [] : authenticationEvents.AuthenticationClosed({ reason: data.reason, at: now })),
  },
});
