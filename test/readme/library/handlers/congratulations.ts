import { categoryOf, defineHandler, definePort } from "../../../../src/kernel/index.ts";
import { reader, readerEvents } from "../reader.ts";

/** Whoever sends it sends what has the same key once. */
export interface Mail {
  send(letter: { readonly to: string; readonly text: string; readonly key: string }): Promise<void>;
}
export const mail = definePort<Mail>("library/mail");

export const congratulations = defineHandler({
  name: "library-congratulations",
  events: [readerEvents],
  on: ["library.ReaderBecameRegular"],
  retry: { maxAttempts: 5 },
  async handle(event, context) {
    if (event.type !== "library.ReaderBecameRegular" || categoryOf(event.stream) !== reader.category) return;
    const { reader: to, loans } = event.data;
    await context.port(mail).send({ to, text: `${loans} books: thank you.`, key: context.key });
  },
});
