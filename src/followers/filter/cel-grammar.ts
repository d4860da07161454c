/** How a function is called: as `f(x)`, as `x.f()`, or as an operator that the parser gives a name of its own. */
interface Form {
  /** How many arguments as a function, with `x.f(y)` counted as two. */
  readonly arguments: readonly number[];
  readonly calls: "function" | "method" | "either" | "operator";
  readonly isBool?: true;
}

const operators = (names: readonly string[], form: Omit<Form, "calls">): [string, Form][] => names.map((name) => [name, { ...form, calls: "operator" }]);
const casts = (names: readonly string[]): [string, Form][] => names.map((name) => [name, { arguments: [1], calls: "function" }]);

/** From a moment; the second argument is a time zone. */
export const CLOCK_METHODS: readonly string[] = [
  "getFullYear",
  "getMonth",
  "getDate",
  "getDayOfMonth",
  "getDayOfWeek",
  "getDayOfYear",
  "getHours",
  "getMinutes",
  "getSeconds",
  "getMilliseconds",
];

/** The macros that go through a list. `has` is none of them. */
export const MACROS: readonly string[] = ["all", "exists", "exists_one", "map", "filter"];

/** The functions that an expression may call. Left out is what makes bytes or messages: events have none. */
export const FUNCTIONS: ReadonlyMap<string, Form> = new Map<string, Form>([
  ...operators(["_+_", "_-_", "_*_", "_/_", "_%_", "_[_]"], { arguments: [2] }),
  ...operators(["_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in"], { arguments: [2], isBool: true }),
  // The parser makes balanced trees of long chains.
  ...operators(["_&&_", "_||_"], { arguments: [2], isBool: true }),
  ...operators(["!_", "@not_strictly_false"], { arguments: [1], isBool: true }),
  ...operators(["-_"], { arguments: [1] }),
  ...operators(["_?_:_"], { arguments: [3] }),
  ...casts(["int", "uint", "double", "string", "timestamp", "duration", "type", "dyn"]),
  ["bool", { arguments: [1], calls: "function", isBool: true }],
  ["size", { arguments: [1], calls: "either" }],
  ...["contains", "startsWith", "endsWith", "matches"].map((name): [string, Form] => [name, { arguments: [2], calls: "method", isBool: true }]),
  ...CLOCK_METHODS.map((name): [string, Form] => [name, { arguments: [1, 2], calls: "method" }]),
]);

/** What can be written, for a message. */
export const FUNCTION_NAMES: readonly string[] = [...FUNCTIONS].flatMap(([name, { calls }]) => (calls === "operator" ? [] : [name]));

/** Names that stand for types: `type(event.data) == map`. */
export const TYPE_NAMES: readonly string[] = ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];
