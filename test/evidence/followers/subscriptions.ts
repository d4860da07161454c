import { type Data, isTraffic as ours, type Wanted } from "./traffic.ts";

/** A subscription of the run: as the API takes it, and what it wants in plain words of code. */
export interface Declared {
  readonly name: string;
  readonly settings: {
    readonly types: readonly string[];
    readonly filter?: unknown;
    readonly order?: "stream" | "none";
    readonly concurrency?: number;
    readonly priority?: string;
  };
  wants(event: Wanted): boolean;
}

const data = ({ data }: Wanted): Data => data as Data;
const kind = (name: string) => (event: Wanted) => event.stream.startsWith(`${name}-`);

/** Twenty, of every sort: types, filters, order or none, one partition or two. */
export const DECLARED: readonly Declared[] = [
  { name: "all", settings: { types: ["#"] }, wants: ours },
  { name: "all, no order", settings: { types: ["#"], order: "none", priority: "low" }, wants: ours },
  { name: "all, two partitions", settings: { types: ["#"], concurrency: 12 }, wants: ours },
  { name: "all, two partitions, no order", settings: { types: ["#"], concurrency: 12, order: "none" }, wants: ours },
  { name: "one at a time", settings: { types: ["boxes.Packed"], concurrency: 1, priority: "high" }, wants: ({ type }) => type === "boxes.Packed" },
  { name: "a kind", settings: { types: ["trips.*"] }, wants: kind("trip") },
  { name: "a kind, deep, two partitions", settings: { types: ["boxes.#"], concurrency: 12 }, wants: kind("box") },
  { name: "a kind, no deeper", settings: { types: ["boxes.*"] }, wants: ({ type }) => ["boxes.Packed", "boxes.Moved", "boxes.Opened"].includes(type) },
  {
    name: "two types",
    settings: { types: ["boxes.Packed", "trips.Started"], concurrency: 2 },
    wants: ({ type }) => type === "boxes.Packed" || type === "trips.Started",
  },
  { name: "a last word", settings: { types: ["*.Moved", "#.Passed"] }, wants: ({ type }) => type === "boxes.Moved" || type === "boxes.scan.Passed" },
  {
    name: "heavy",
    settings: { types: ["#"], filter: { data: { weight: [{ numeric: [">", 60] }] } } },
    wants: (event) => ours(event) && data(event).weight > 60,
  },
  {
    name: "by stream",
    settings: { types: ["#"], filter: { stream: [{ prefix: "box-" }] }, concurrency: 12 },
    wants: kind("box"),
  },
  {
    name: "north",
    settings: { types: ["boxes.#", "trips.#"], filter: { data: { place: [{ suffix: "-north" }] } } },
    wants: (event) => (kind("box")(event) || kind("trip")(event)) && data(event).place.endsWith("-north"),
  },
  { name: "no chat", settings: { types: ["#"], filter: { type: [{ "anything-but": ["chat.Said"] }] } }, wants: (event) => ours(event) && !kind("chat")(event) },
  {
    name: "with a note",
    settings: { types: ["#"], filter: { data: { note: [{ exists: true }] } } },
    wants: (event) => ours(event) && data(event).note !== undefined,
  },
  {
    name: "either",
    settings: { types: ["#"], filter: { $or: [{ data: { weight: [{ numeric: ["<=", 10] }] } }, { type: ["trips.Delayed"] }] }, order: "none" },
    wants: (event) => ours(event) && (data(event).weight <= 10 || event.type === "trips.Delayed"),
  },
  {
    name: "any case",
    settings: { types: ["#"], filter: { data: { place: [{ "equals-ignore-case": "DEPOT" }] } } },
    wants: (event) => ours(event) && data(event).place.toLowerCase() === "depot",
  },
  {
    name: "a wildcard and a network",
    settings: { types: ["#"], filter: { data: { place: [{ wildcard: "harbour-*" }], address: [{ cidr: "10.2.0.0/16" }] } } },
    wants: (event) => ours(event) && data(event).place.startsWith("harbour-") && data(event).address.startsWith("10.2."),
  },
  {
    name: "an expression",
    settings: { types: ["boxes.#"], filter: 'event.data.weight > 50 && event.type.endsWith("ed")' },
    wants: (event) => kind("box")(event) && data(event).weight > 50 && event.type.endsWith("ed"),
  },
  { name: "nothing", settings: { types: ["ships.#"] }, wants: () => false },
];
