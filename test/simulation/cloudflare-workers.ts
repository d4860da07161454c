/** What `cloudflare:workers` gives the engine, where the engine runs in plain Node: the class that its objects extend. */
export abstract class DurableObject<Env = unknown> {
  protected readonly ctx: DurableObjectState;
  protected readonly env: Env;

  constructor(ctx: DurableObjectState, env: Env) {
    this.ctx = ctx;
    this.env = env;
  }
}

/** No invocation ends here before its work. */
export function waitUntil(_work: Promise<unknown>): void {}
