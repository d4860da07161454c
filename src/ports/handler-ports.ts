import { paymentProvider } from "../domains/commerce/index.ts";
import { subtitleLibrary, translator } from "../domains/subtitles/index.ts";
import { mail } from "../flows/index.ts";
import { libreTranslate, type LibreTranslateGiven } from "./libre-translate.ts";
import { localMail } from "./local-mail.ts";
import { localPayments } from "./local-payments.ts";
import { localTranslator } from "./local-translator.ts";
import { storedLibrary } from "./stored-library.ts";
import type { AggregateReader } from "./stored-subtitles.ts";

/** What the ports of handlers and sagas stand on; the composition root gives it. */
export interface HandlerPortsGiven {
  /** Opens a stream of a tenant's. */
  readonly open: (tenant: string, stream: string) => AggregateReader;
  /** Left out, the local translator translates. */
  readonly translate?: LibreTranslateGiven | undefined;
}

/** What stands behind a port, by its name, for a tenant; undefined where nothing does. */
export function handlerPorts({ open, translate }: HandlerPortsGiven): (tenant: string, name: string) => unknown {
  const behind = new Map<string, (tenant: string) => unknown>([
    [subtitleLibrary.name, (tenant) => storedLibrary((stream) => open(tenant, stream))],
    [translator.name, () => (translate === undefined ? localTranslator : libreTranslate(translate))],
    [paymentProvider.name, () => localPayments],
    [mail.name, () => localMail],
  ]);
  return (tenant, name) => behind.get(name)?.(tenant);
}
