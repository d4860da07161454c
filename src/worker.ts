import { compose } from "./compose.ts";

const { Aggregate, Circuit, Dispatcher, Follower, KeyRegistry, RateLimit, worker } = compose();

export { Aggregate, Circuit, Dispatcher, Follower, KeyRegistry, RateLimit };
export default worker;
