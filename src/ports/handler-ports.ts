import { paymentProvider } from "../domains/commerce/index.ts";
import { subtitleLibrary, translator } from "../domains/subtitles/index.ts";
import { type VideoProcessor, videoProcessor } from "../domains/video/index.ts";
import { erasure, mail } from "../flows/index.ts";
import { httpMail } from "./http-mail.ts";
import { httpPayments } from "./http-payments.ts";
import type { HttpServiceGiven } from "./http-service.ts";
import { httpVideoProcessor } from "./http-video-processor.ts";
import { libreTranslate, type LibreTranslateGiven } from "./libre-translate.ts";
import { localMail } from "./local-mail.ts";
import { localPayments } from "./local-payments.ts";
import { localTranslator } from "./local-translator.ts";
import { storedLibrary } from "./stored-library.ts";
import type { AggregateReader } from "./stored-subtitles.ts";
import { type ClosableStream, streamErasure } from "./stream-erasure.ts";

/** What the ports of handlers and sagas stand on; the composition root gives it. */
export interface HandlerPortsGiven {
  /** Opens a stream of a tenant's. */
  readonly open: (tenant: string, stream: string) => AggregateReader;
  /** Opens one to be emptied. Left out, nobody empties streams. */
  readonly openToErase?: (tenant: string, stream: string) => ClosableStream;
  /** Left out, the local translator translates. */
  readonly translate?: LibreTranslateGiven | undefined;
  /** Left out, the local provider takes the money, the local mail the letters, and nobody processes videos. */
  readonly payments?: HttpServiceGiven | undefined;
  readonly mail?: HttpServiceGiven | undefined;
  readonly videoProcessor?: HttpServiceGiven | undefined;
}

/** What stands behind a port, by its name, for a tenant; undefined where nothing does. */
export function handlerPorts(given: HandlerPortsGiven): (tenant: string, name: string) => unknown {
  const { open, openToErase, translate } = given;
  const behind = new Map<string, (tenant: string) => unknown>([
    [subtitleLibrary.name, (tenant) => storedLibrary((stream) => open(tenant, stream))],
    [translator.name, () => (translate === undefined ? localTranslator : libreTranslate(translate))],
    [paymentProvider.name, () => (given.payments === undefined ? localPayments : httpPayments(given.payments))],
    [erasure.name, (tenant) => openToErase && streamErasure((stream) => openToErase(tenant, stream))],
    [mail.name, () => (given.mail === undefined ? localMail : httpMail(given.mail))],
    [videoProcessor.name, () => (given.videoProcessor === undefined ? nobody : httpVideoProcessor(given.videoProcessor))],
  ]);
  return (tenant, name) => behind.get(name)?.(tenant);
}

/** No processor is there: videos wait for somebody to send their commands. */
const nobody: VideoProcessor = { begin: async () => ({ outcome: "nobody" }) };
