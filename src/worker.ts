import { compose } from "./compose.ts";

const { Aggregate, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, Metrics, RateLimit, worker } = compose();

export { Aggregate, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, Metrics, RateLimit };
export default worker;
