import { DurableObject } from "cloudflare:workers";
import { holdingOf, type Sample } from "../src/metrics/evaluate.ts";
import type { AlertRule } from "../src/metrics/rule.ts";
import type { Alert, Alerting, AlertPorts } from "./alerts/contract.ts";
import { progress, unchanged } from "./alerts/progress.ts";
import { forgetAll } from "./forget-all.ts";
import { Samples } from "./alerts/samples.ts";

const PENDING = "pending";

/**
 * Evaluates the alert rules of a tenant, by an alarm that is held exactly while there are rules: a tenant without costs nothing. What it
 * says is kept in the tenant's own stream; here are only the alerts that do not fire yet, and what the figures
 * were.
 */
export abstract class AlertsObject<Env = unknown> extends DurableObject<Env> {
  readonly #ports: AlertPorts;
  readonly #samples: Samples;
  #pending: readonly Alert[];

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#ports = this.ports(env);
    this.#samples = new Samples(ctx.storage.kv);
    this.#pending = ctx.storage.kv.get<readonly Alert[]>(PENDING) ?? [];
  }

  /** What this object is composed of; called once, from the constructor. */
  protected abstract ports(env: Env): AlertPorts;

  /** Rules are about to change. When this returns an alarm is on disk, so that a change is never missed, whoever breaks down. */
  async wake(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.#arm();
  }

  /** Rules have changed: looked at at once, since what grows from now on is measured against now. */
  async changed(): Promise<void> {
    await this.ctx.storage.setAlarm(this.#ports.now());
  }

  /** The alerts that hold and do not fire: their time has not come, or they are silenced. */
  pending(): readonly Alert[] {
    return this.#pending;
  }

  /** The tenant is no more. */
  async forget(): Promise<void> {
    this.#samples.clear();
    this.#pending = [];
    await forgetAll(this.ctx);
  }

  override async alarm(): Promise<void> {
    let hasRules = true;
    try {
      hasRules = await this.#evaluate();
    } catch (fault) {
      console.warn("alerts: will be evaluated later", this.ctx.id.name, String(fault));
    }
    // Somebody may have changed them meanwhile, and wants them looked at sooner.
    if (hasRules) await this.wake();
  }

  #arm(): Promise<void> {
    return this.ctx.storage.setAlarm(this.#ports.now() + this.#ports.every);
  }

  /** Whether there are rules. */
  async #evaluate(): Promise<boolean> {
    const tenant = this.ctx.id.name ?? "";
    const alerting: Alerting = await this.#ports.alerting(tenant);
    const rules = Object.entries(alerting.rules);
    if (rules.length === 0) {
      this.#samples.clear();
      this.#keep([]);
      return false;
    }
    const samples = await this.#look(
      tenant,
      rules.map(([, rule]) => rule),
    );
    const seen = samples.at(-1)?.series ?? {};
    const before = { pending: this.#pending, alerting, now: this.#ports.now() };
    const all = rules.map(([name, rule]) => ({
      name,
      // What could not be read says nothing: neither that it fires, nor that it is over.
      ...(seen[rule.metric] === undefined ? unchanged(name, this.#pending) : progress(name, rule, holdingOf(rule, samples), before)),
    }));
    for (const { name, fires, over } of all) {
      if (over.length > 0) await this.#ports.tell(tenant, { name: "Resolve", data: { rule: name, ids: over } });
      if (fires.length > 0)
        await this.#ports.tell(tenant, {
          name: "Fire",
          data: { rule: name, alerts: fires.map(({ id, labels, value, since }) => ({ id, labels, value, since })) },
        });
    }
    this.#keep(all.flatMap(({ pending }) => pending));
    return true;
  }

  /** What the rules speak of, now and before. */
  async #look(tenant: string, rules: readonly AlertRule[]): Promise<readonly Sample[]> {
    const metrics = new Set(rules.map(({ metric }) => metric));
    const figures = await this.#ports.figures(tenant, metrics);
    const series = Object.fromEntries([...metrics].flatMap((name) => (figures[name] === undefined ? [] : [[name, figures[name]]])));
    return this.#samples.take(this.#ports.now(), series, rules);
  }

  /** A row, where it has changed. */
  #keep(pending: readonly Alert[]): void {
    const namesOf = (alerts: readonly Alert[]): string => JSON.stringify(alerts.map(({ id, since }) => [id, since]));
    if (namesOf(pending) !== namesOf(this.#pending)) this.ctx.storage.kv.put(PENDING, pending);
    this.#pending = pending;
  }
}
