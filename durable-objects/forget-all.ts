/** Deletes all that an object has, its alarm too, and lets go of whoever listens. Done twice it is done once. */
export async function forgetAll(ctx: DurableObjectState): Promise<void> {
  for (const socket of ctx.getWebSockets()) socket.close(1001, "gone");
  await ctx.storage.deleteAlarm();
  await ctx.storage.deleteAll();
}
