import { registerHooks } from "node:module";

/** Import this before anything of the engine: in plain Node nobody else knows `cloudflare:workers`. */
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== "cloudflare:workers") return next(specifier, context);
    return { url: new URL("cloudflare-workers.ts", import.meta.url).href, shortCircuit: true };
  },
});
