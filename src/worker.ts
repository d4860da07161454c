import { compose } from "./compose.ts";

const { Aggregate, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, RateLimit, worker } = compose();

export { Aggregate, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, RateLimit };
export default worker;
