import { compose } from "../../src/compose.ts";
import type { View } from "../../src/kernel/index.ts";
import { eventTypesView } from "../../src/views/event-types.ts";
import { sourcesView } from "../../src/webhooks/source.ts";
import { faultyShards } from "./faults.ts";

/** A view that tests fill in: it folds what `testView.fold` says. */
export const testView: { fold: View["fold"] } = { fold: () => [] };

const { Aggregate, Dispatcher, KeyRegistry, worker } = compose({
  shards: faultyShards,
  views: [
    eventTypesView,
    {
      name: "test_view",
      version: 1,
      rows: "SELECT '' AS key, '' AS row WHERE ?1 = ''",
      discard: () => [],
      fold: (scope, events, read) => testView.fold(scope, events, read),
    },
    sourcesView,
  ],
});
export { Aggregate, Dispatcher, KeyRegistry };
export default worker;
