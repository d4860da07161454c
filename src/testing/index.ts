export * from "./given-decider.ts";
export * from "./given-handler.ts";
export * from "./given-projection.ts";
export * from "./given-saga.ts";
