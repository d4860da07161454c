import { compose } from "./compose.ts";

const { Aggregate, Dispatcher, KeyRegistry, worker } = compose();

export { Aggregate, Dispatcher, KeyRegistry };
export default worker;
