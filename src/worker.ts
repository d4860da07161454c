import { compose } from "./compose.ts";

const { Aggregate, Circuit, Dispatcher, Follower, KeyRegistry, worker } = compose();

export { Aggregate, Circuit, Dispatcher, Follower, KeyRegistry };
export default worker;
