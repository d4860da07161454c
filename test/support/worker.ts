import { compose } from "../../src/compose.ts";

const { Aggregate, Dispatcher, worker } = compose();
export { Aggregate, Dispatcher };
export default worker;
