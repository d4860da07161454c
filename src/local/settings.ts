import { join, resolve } from "node:path";
import { keys } from "./keys.ts";
import { ROOT, SECRETS_FILE } from "./root.ts";

/** How the platform runs on this machine. */
export interface LocalSettings {
  /** On 127.0.0.1; 0 is any that is free. */
  readonly port: number;
  /** The folder that holds all local state. */
  readonly stateDir: string;
  /** The worker's variables: keys and switches. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The part of a command's help that says what the environment sets. */
export const SETTINGS_HELP = `Settings come from the environment:
  PORT                 the port on 127.0.0.1 (8787); 0 is any that is free
  STATE_DIR            the folder that holds all local state (.wrangler/state)
  ADMIN_KEY            the key of the tenant "default"; else from .dev.vars, else made and kept there
  MASTER_KEY           seals secrets; likewise
  MASTER_KEY_OLD       those before it, parted by spaces, until npx rivulet reseal is done
  ALLOW_LOCAL_TARGETS  1 lets webhooks and upstreams go to private addresses
  TRANSLATOR_URL       a LibreTranslate server for subtitles, and TRANSLATOR_KEY where it wants one
  PAYMENTS_URL         a payment provider over HTTP, and PAYMENTS_KEY where it wants one; likewise
  MAIL_URL             mail, with MAIL_KEY, and
  VIDEO_PROCESSOR_URL  a video processor, with VIDEO_PROCESSOR_KEY
  TRACE_RATE           the share of new traces that is kept, 0 to 1 (1), or off
  OTLP_URL             a collector of traces, as http://127.0.0.1:4318/v1/traces, and OTLP_HEADERS where it wants some
  LOG_LEVEL            which requests are logged: off, error, warn or info (else: every one)`;

/** Reads the settings from the environment, makes what keys are missing, and says where things are. */
export async function localSettings(environment: Readonly<Record<string, string | undefined>>): Promise<LocalSettings> {
  const port = portOf(environment["PORT"] || "8787");
  const stateDir = environment["STATE_DIR"] ? resolve(environment["STATE_DIR"]) : join(ROOT, ".wrangler/state");
  const { values, made } = await keys(environment, SECRETS_FILE);
  if (made.length > 0) console.log(`made ${made.join(" and ")}, kept in ${SECRETS_FILE}`);
  console.log(`the key is ADMIN_KEY ${environment["ADMIN_KEY"] ? "of the environment" : `in ${SECRETS_FILE}`}; state is in ${stateDir}`);
  const passed = PASSED_ON.flatMap((name) => (environment[name] ? [[name, environment[name]]] : []));
  const isOpen = environment["ALLOW_LOCAL_TARGETS"] === "1";
  return { port, stateDir, variables: { ...values, ...Object.fromEntries(passed), ...(isOpen && { ALLOW_LOCAL_TARGETS: "1" }) } };
}

/** Variables that the worker gets as they stand in the environment. */
const PASSED_ON = [
  "MASTER_KEY_OLD",
  "TRANSLATOR_URL",
  "TRANSLATOR_KEY",
  "PAYMENTS_URL",
  "PAYMENTS_KEY",
  "MAIL_URL",
  "MAIL_KEY",
  "VIDEO_PROCESSOR_URL",
  "VIDEO_PROCESSOR_KEY",
  "TRACE_RATE",
  "OTLP_URL",
  "OTLP_HEADERS",
  "LOG_LEVEL",
  "METRICS_EVERY_MS",
  "ALERT_EVERY_MS",
] as const;

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`expected PORT to be a number from 0 to 65535, got "${text}"`);
  return port;
}
