import { compose } from "./compose.ts";

const { Aggregate, Dispatcher, worker } = compose();

export { Aggregate, Dispatcher };
export default worker;
