import { compose } from "./compose.ts";

const { Aggregate, Circuit, Denials, Dispatcher, Follower, KeyRegistry, RateLimit, worker } = compose();

export { Aggregate, Circuit, Denials, Dispatcher, Follower, KeyRegistry, RateLimit };
export default worker;
