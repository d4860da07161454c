import { describe, expect, test } from "vitest";
import { compileFilter } from "../../../src/followers/filter/compile-filter.ts";

type Json = Readonly<Record<string, unknown>>;

function matches(pattern: Json, event: Json): boolean {
  const filter = compileFilter(pattern);
  if (!filter.ok) throw new Error(`expected a pattern, got ${JSON.stringify(filter.faults)}`);
  return filter.matches(event);
}

// https://github.com/aws/event-ruler, README, "JSON Array Matching"
describe("the employees of event-ruler's README", () => {
  const [john, anna, peter] = [
    { firstName: "John", lastName: "Doe" },
    { firstName: "Anna", lastName: "Smith" },
    { firstName: "Peter", lastName: "Jones" },
  ];
  const flat = { employees: [john, anna, peter] };
  const nested = { employees: [[john, anna], [peter]] };

  test.each([
    ["one condition", { employees: { firstName: ["Anna"] } }, true],
    ["two of one element", { employees: { firstName: ["Anna"], lastName: ["Smith"] } }, true],
    ["two of different elements", { employees: { firstName: ["Anna"], lastName: ["Jones"] } }, false],
    ["one that nobody meets", { employees: { firstName: ["Ann"] } }, false],
  ])("%s, in one list and in lists of lists", (_, pattern, expected) => {
    expect(matches(pattern, flat)).toBe(expected);
    expect(matches(pattern, nested)).toBe(expected);
  });
});

// event-ruler's ACMachineTest, songsACTest
describe("the songs of event-ruler's tests", () => {
  const songs = {
    Year: 1966,
    Genres: [{ Pop: true }, { Classical: false }],
    Songs: [
      {
        Name: "Paperback Writer",
        Writers: [
          { First: "John", Last: "Lennon" },
          { First: "Paul", Last: "McCartney" },
        ],
      },
      {
        Name: "Paint It Black",
        Writers: [
          { First: "Mick", Last: "Jagger" },
          { First: "Keith", Last: "Richards" },
        ],
      },
    ],
  };

  test.each([
    [{ Year: [1966], Songs: { Name: ["Paperback Writer"], Writers: { First: ["Paul"], Last: ["McCartney"] } } }, true],
    [{ Genres: { Pop: [true] }, Songs: { Name: ["Paint It Black"] } }, true],
    [{ Genres: { Pop: [true], Classical: [false] } }, false],
    [{ Year: [1966], Songs: { Name: ["Paperback Writer"], Writers: { First: ["Mick"] } } }, false],
    [{ Songs: { Writers: { First: ["Mick"], Last: ["McCartney"] } } }, false],
    [{ Songs: { Writers: { First: ["John"], Last: ["McCartney"] } } }, false],
  ])("%j: %s", (pattern, expected) => {
    expect(matches(pattern, songs)).toBe(expected);
  });
});

describe("lists", () => {
  test.each([
    ["values of a list are alternatives", { d: { tags: ["admin"], type: ["x"] } }, { d: { tags: ["user", "admin"], type: "x" } }, true],
    ["values in lists of lists too", { tags: ["admin"] }, { tags: [["user"], [["admin"]]] }, true],
    ["no value, no match", { tags: ["admin"] }, { tags: [] }, false],
    ["one that is not excluded is enough", { tags: [{ "anything-but": "banned" }] }, { tags: ["banned", "ok"] }, true],
    ["only excluded ones are not", { tags: [{ "anything-but": "banned" }] }, { tags: ["banned"] }, false],
    ["one number within is enough", { n: [{ numeric: [">", 0, "<", 10] }] }, { n: [100, 5, 200] }, true],
    ["two lists are chosen from apart", { x: { a: [1] }, y: { a: [2] } }, { x: [{ a: 0 }, { a: 1 }], y: [{ a: 2 }, { a: 3 }] }, true],
    [
      "an inner list belongs to its element",
      { u: { id: [1], t: { k: ["c"] } } },
      {
        u: [
          { id: 1, t: [{ k: "d" }] },
          { id: 2, t: [{ k: "c" }] },
        ],
      },
      false,
    ],
    ["elements that are no objects are passed over", { d: { a: [1], b: [2] } }, { d: [null, 5, "x", { a: 1, b: 2 }] }, true],
    ["an object where values are asked for has none", { a: [1, { exists: true }] }, { a: { a: 1 } }, false],
    ["a value where an object is asked for has no fields", { a: { b: [1] } }, { a: 1 }, false],
  ])("%s", (_, pattern, event, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });
});

describe("what must not be there", () => {
  test.each([
    ["is looked for in the element that the others chose", [{ a: 1, b: 2 }, { a: 1 }], true],
    ["and spoils the match where each such element has it", [{ a: 1, b: 2 }, { b: 3 }], false],
    ["or where none was chosen", [{ b: 3 }, {}], false],
  ])("%s", (_, d, expected) => {
    expect(matches({ d: { a: [1], b: [{ exists: false }] } }, { d })).toBe(expected);
  });

  test("is looked for in all elements where nothing else chose one", () => {
    const pattern = { d: { b: [{ exists: false }] } };
    expect(matches(pattern, { d: [{ a: 1 }, {}] })).toBe(true);
    expect(matches(pattern, { d: [{ a: 1 }, { b: 1 }] })).toBe(false);
    expect(matches(pattern, { d: [] })).toBe(true);
  });

  test("is looked for in the element that the others chose wherever its name stands in the alphabet", () => {
    const pattern = { d: { a: [{ exists: false }], z: [1] } };
    expect(matches(pattern, { d: [{ z: 1 }, { a: 1 }] })).toBe(true);
  });

  test("or may be there with a value, field by field", () => {
    const pattern = { d: { a: [{ exists: false }, 1], b: [{ exists: false }, 2] } };
    expect(matches(pattern, { d: [{ a: 1 }, { b: 3 }] })).toBe(true);
    expect(matches(pattern, { d: [{ a: 3 }, { b: 3 }] })).toBe(false);
    expect(matches(pattern, { d: [{ c: 1 }] })).toBe(true);
  });

  // Of each element one of the two is missing, but neither is missing from all of them.
  test("of a choice, one must be missing everywhere", () => {
    const pattern = { d: { $or: [{ x: [{ exists: false }] }, { y: [{ exists: false }] }] } };
    expect(matches(pattern, { d: [{ x: 1 }, { y: 1 }] })).toBe(false);
    expect(matches(pattern, { d: [{ x: 1 }, { x: 2 }] })).toBe(true);
  });

  // event-ruler's ACMachineTest, testACWithExistFalseRule
  test("lies deep in an element that was chosen", () => {
    const pattern = { tasks: { state: ["ACTIVE"], provider: { id: ["P"] }, resources: { context: { interfaces: { name: [{ exists: false }] } } } } };
    const task = (state: string, interfaces: readonly Json[]): Json => ({ state, provider: { id: "P" }, resources: [{ context: { interfaces } }, {}] });
    expect(matches(pattern, { tasks: [task("ACTIVE", []), task("INACTIVE", [{ name: "x" }])] })).toBe(true);
    expect(matches(pattern, { tasks: [task("ACTIVE", [{ other: 1 }, { name: "x" }]), task("INACTIVE", [])] })).toBe(false);
  });
});

describe("$or", () => {
  // https://github.com/aws/event-ruler, README, "The $or Primitive"
  const nested = {
    source: ["aws.cloudwatch"],
    $or: [
      { metricName: ["CPUUtilization", "ReadLatency"] },
      { metricType: ["MetricType"], namespace: ["AWS/EC2", "AWS/ES"], $or: [{ metricId: [1234] }, { spaceId: [1000] }] },
      { scope: ["Service"] },
    ],
  };
  const parallel = {
    $or: [{ metricName: ["CPUUtilization"] }, { namespace: ["AWS/EC2"] }],
    detail: { $or: [{ source: ["aws.cloudwatch"] }, { "detail-type": ["CloudWatch Alarm State Change"] }] },
  };

  test.each([
    [nested, { source: "aws.cloudwatch", metricName: "ReadLatency" }, true],
    [nested, { source: "aws.cloudwatch", scope: "Service" }, true],
    [nested, { source: "aws.cloudwatch", metricType: "MetricType", namespace: "AWS/ES", spaceId: 1000 }, true],
    [nested, { source: "aws.cloudwatch", metricType: "MetricType", namespace: "AWS/ES", spaceId: 1 }, false],
    [nested, { source: "aws.ec2", scope: "Service" }, false],
    [parallel, { namespace: "AWS/EC2", detail: { source: "aws.cloudwatch" } }, true],
    [parallel, { namespace: "AWS/EC2", detail: { source: "x" } }, false],
    [parallel, { detail: { source: "aws.cloudwatch" } }, false],
  ])("%j with %j: %s", (pattern, event, expected) => {
    expect(matches(pattern, event)).toBe(expected);
  });

  test("and what stands beside it speak of one element where they share a list", () => {
    const pattern = { d: { a: [1] }, $or: [{ d: { b: [1] } }, { c: [1] }] };
    expect(matches(pattern, { d: [{ a: 1 }, { b: 1 }] })).toBe(false);
    expect(matches(pattern, { d: [{ a: 1, b: 1 }] })).toBe(true);
    expect(matches(pattern, { d: [{ a: 1 }], c: 1 })).toBe(true);
  });

  test("and a second one within speak of one element where they share a list", () => {
    const pattern = { $or: [{ d: { a: [1] } }, { d: { a: [2] } }], d: { $or: [{ b: [1] }, { b: [2] }] } };
    expect(matches(pattern, { d: [{ a: 1 }, { b: 1 }, { a: 2, b: 2 }] })).toBe(true);
    expect(matches(pattern, { d: [{ a: 1 }, { b: 1 }, { a: 2 }, { b: 2 }] })).toBe(false);
  });
});

describe("names", () => {
  const parsed = JSON.parse('{"__proto__":{"a":1},"constructor":"c","a.b":2,"":3}') as Json;

  test("of JavaScript's own are names as any other", () => {
    expect(matches(JSON.parse('{"__proto__":{"a":[1]}}') as Json, parsed)).toBe(true);
    expect(matches({ constructor: ["c"] }, parsed)).toBe(true);
    expect(matches({ toString: [{ exists: true }] }, parsed)).toBe(false);
    expect(matches({ a: { constructor: [{ exists: false }] } }, { a: {} })).toBe(true);
  });

  test("with dots are no paths", () => {
    expect(matches({ "a.b": [2] }, parsed)).toBe(true);
    expect(matches({ "a.b": [2] }, { a: { b: 2 } })).toBe(false);
    expect(matches({ a: { b: [2] } }, parsed)).toBe(false);
  });

  test("may be empty", () => {
    expect(matches({ "": [3] }, parsed)).toBe(true);
  });
});
