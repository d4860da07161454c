/** What the events and commands of tests carry, where it does not matter. */
export const metadata = {
  correlationId: "c-1",
  priority: "normal",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  actor: "key:test",
} as const;
