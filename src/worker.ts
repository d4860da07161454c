import { compose } from "./compose.ts";

const { Aggregate, Alerts, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, Metrics, RateLimit, worker } = compose();

export { Aggregate, Alerts, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, Metrics, RateLimit };
export default worker;
