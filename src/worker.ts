import { compose } from "./compose.ts";

const { Aggregate, Alerts, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, Metrics, RateLimit, TenantKey, worker } = compose();

export { Aggregate, Alerts, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, Metrics, RateLimit, TenantKey };
export default worker;
