import { describe, expect, test } from "vitest";
import { compileFilter } from "../../../src/followers/filter/compile-filter.ts";

type Json = Readonly<Record<string, unknown>>;
/** A pattern, events that it matches, and events that it does not. */
type Row = readonly [pattern: Json, yes: readonly Json[], no: readonly Json[]];

function expectRow([pattern, yes, no]: Row): void {
  const filter = compileFilter(pattern);
  if (!filter.ok) throw new Error(`expected a pattern, got ${JSON.stringify(filter.faults)}`);
  for (const event of yes) expect([event, filter.matches(event)]).toEqual([event, true]);
  for (const event of no) expect([event, filter.matches(event)]).toEqual([event, false]);
}

const named = (rows: readonly Row[]): readonly (readonly [string, Row])[] => rows.map((row) => [JSON.stringify(row[0]), row]);

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html: each row of its summary.
describe("AWS's table of comparison operators", () => {
  test.each(
    named([
      [{ Location: ["New York"], Day: ["Monday"] }, [{ Location: "New York", Day: "Monday" }], [{ Location: "New York", Day: "Sunday" }, { Day: "Monday" }]],
      [{ state: [{ "anything-but": "initializing" }] }, [{ state: "running" }, { state: null }, { state: 1 }], [{ state: "initializing" }, {}]],
      [{ Region: [{ "anything-but": { prefix: "us-" } }] }, [{ Region: "eu-west-1" }, { Region: 12 }], [{ Region: "us-east-1" }, {}]],
      [{ FileName: [{ "anything-but": { suffix: ".png" } }] }, [{ FileName: "a.txt" }], [{ FileName: "a.png" }, {}]],
      [
        { state: [{ "anything-but": { "equals-ignore-case": "initializing" } }] },
        [{ state: "running" }, { state: null }],
        [{ state: "INITIALIZING" }, { state: "initializing" }],
      ],
      [
        { FilePath: [{ "anything-but": { wildcard: "*/lib/*" } }] },
        [{ FilePath: "/usr/bin/x" }, { FilePath: "/lib" }, { FilePath: 123 }],
        [{ FilePath: "/usr/lib/x" }, { FilePath: "/lib/" }],
      ],
      [{ Region: [{ prefix: "us-" }] }, [{ Region: "us-east-1" }, { Region: "us-" }], [{ Region: "eu-us-1" }, { Region: "US-east-1" }, { Region: 5 }]],
      [{ service: [{ prefix: { "equals-ignore-case": "eventb" } }] }, [{ service: "EventBridge" }, { service: "EVENTB" }], [{ service: "Event" }]],
      [{ LastName: [""] }, [{ LastName: "" }], [{ LastName: null }, { LastName: " " }, {}]],
      [{ Name: ["Alice"] }, [{ Name: "Alice" }], [{ Name: "alice" }, { Name: "Alice " }]],
      [{ Name: [{ "equals-ignore-case": "alice" }] }, [{ Name: "Alice" }, { Name: "ALICE" }], [{ Name: "Alic" }, { Name: "Alicee" }]],
      [{ FileName: [{ suffix: ".png" }] }, [{ FileName: "a.png" }, { FileName: ".png" }], [{ FileName: "a.PNG" }, { FileName: "a.png2" }]],
      [{ service: [{ suffix: { "equals-ignore-case": "tBridge" } }] }, [{ service: "EventBridge" }, { service: "EVENTBRIDGE" }], [{ service: "Bridges" }]],
      [{ ProductName: [{ exists: true }] }, [{ ProductName: "x" }, { ProductName: null }, { ProductName: false }], [{}, { ProductName: {} }]],
      [{ ProductName: [{ exists: false }] }, [{}, { ProductName: { inner: 1 } }, { ProductName: [] }], [{ ProductName: null }, { ProductName: [0] }]],
      [{ Weather: [{ "anything-but": ["Raining"] }] }, [{ Weather: "Sunny" }], [{ Weather: "Raining" }, {}]],
      [{ UserID: [null] }, [{ UserID: null }], [{ UserID: "" }, { UserID: 0 }, { UserID: false }, {}]],
      [{ Price: [{ numeric: ["=", 100] }] }, [{ Price: 100 }, { Price: 1e2 }], [{ Price: "100" }, { Price: 100.1 }]],
      [{ Price: [{ numeric: [">", 10, "<=", 20] }] }, [{ Price: 10.1 }, { Price: 20 }], [{ Price: 10 }, { Price: 20.1 }, { Price: null }]],
      [{ PaymentType: ["Credit", "Debit"] }, [{ PaymentType: "Credit" }, { PaymentType: "Debit" }], [{ PaymentType: "Cash" }]],
      [{ $or: [{ Location: ["New York"] }, { Day: ["Monday"] }] }, [{ Location: "New York" }, { Location: "Rome", Day: "Monday" }], [{ Day: "Sunday" }, {}]],
      [
        { FileName: [{ wildcard: "dir/*.png" }] },
        [{ FileName: "dir/a.png" }, { FileName: "dir/b/.png" }],
        [{ FileName: "dira.png" }, { FileName: "dir/a.pngx" }],
      ],
    ]),
  )("%s", (_, row) => expectRow(row));
});

// The sections below that table, and "Creating event patterns", "Arrays" and "Null values and empty strings" beside it.
describe("the examples of AWS's guide", () => {
  const autoscaling = {
    source: "aws.autoscaling",
    "detail-type": "EC2 Instance Launch Successful",
    resources: [],
    detail: { eventVersion: "", responseElements: null },
  };
  const macie = {
    source: "aws.macie",
    "detail-type": "Macie Alert",
    detail: { "risk-score": 80, tags: ["Custom_Alert", "Insider"], trigger: { "alert-type": "basic", risk: 8 } },
  };

  test.each(
    named([
      [
        { source: ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"], detail: { state: ["terminated"] } },
        [
          {
            source: "aws.ec2",
            "detail-type": "EC2 Instance State-change Notification",
            detail: { state: "terminated", "instance-id": "i-1" },
            region: "us-west-1",
          },
        ],
        [
          { source: "aws.ec2", "detail-type": "EC2 Instance State-change Notification", detail: { state: "running" } },
          { source: "aws.ec2", detail: { state: "terminated" } },
        ],
      ],
      [{ detail: { eventVersion: [""] } }, [autoscaling], [{ detail: { eventVersion: null } }]],
      [{ detail: { responseElements: [null] } }, [autoscaling], [{ detail: { responseElements: "" } }, { detail: {} }]],
      [{ resources: [null] }, [{ resources: [null] }], [autoscaling]],
      [{ resources: [{ exists: true }] }, [{ resources: ["a"] }], [autoscaling]],
      [
        { source: ["aws.macie"], detail: { "risk-score": [80], trigger: { risk: [8] } } },
        [macie],
        [{ ...macie, detail: { ...macie.detail, "risk-score": 81 } }],
      ],
      [
        { resources: ["arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f", "arn:aws:ec2:us-east-1:444455556666:instance/i-b188560f"] },
        [{ resources: ["arn:aws:autoscaling:us-east-1:123456789012:x", "arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f"] }],
        [{ resources: ["arn:aws:ec2:us-east-1:123456789012:instance/i-other"] }, { resources: [] }],
      ],
      [{ time: [{ prefix: "2017-10-02" }] }, [{ time: "2017-10-02T18:43:48Z" }], [{ time: "2017-10-03T18:43:48Z" }]],
      [{ a: [{ "equals-ignore-case": "" }] }, [{ a: "" }], [{ a: "x" }, { a: null }]],
      [{ a: [{ "anything-but": { wildcard: "" } }] }, [{ a: "x" }, { a: null }], [{ a: "" }]],
      [{ source: [{ prefix: "" }] }, [{ source: "x" }, { source: "" }], [{ source: 1 }, {}]],
      [
        { detail: { "x-limit": [{ "anything-but": 123 }] } },
        [{ detail: { "x-limit": 124 } }, { detail: { "x-limit": "123" } }],
        [{ detail: { "x-limit": 123 } }],
      ],
      [{ detail: { state: [{ "anything-but": ["stopped", "overloaded"] }] } }, [{ detail: { state: "running" } }], [{ detail: { state: "stopped" } }]],
      [{ detail: { "x-limit": [{ "anything-but": [100, 200, 300] }] } }, [{ detail: { "x-limit": 0 } }], [{ detail: { "x-limit": 2e2 } }]],
      [{ state: [{ "anything-but": { prefix: ["init", "stop"] } }] }, [{ state: "running" }, { state: 12 }], [{ state: "stopped" }, { state: "init" }]],
      [{ FileName: [{ "anything-but": { suffix: [".txt", ".rtf"] } }] }, [{ FileName: ".txt.png" }], [{ FileName: "a.rtf" }]],
      [{ state: [{ "anything-but": { "equals-ignore-case": ["initializing", "stopped"] } }] }, [{ state: "x" }], [{ state: "Stopped" }]],
      [{ FilePath: [{ "anything-but": { wildcard: ["*/lib/*", "*/bin/*"] } }] }, [{ FilePath: "/etc/x" }], [{ FilePath: "/usr/bin/x" }]],
      [
        { detail: { "c-count": [{ numeric: [">", 0, "<=", 5] }], "d-count": [{ numeric: ["<", 10] }], "x-limit": [{ numeric: ["=", 3.018e2] }] } },
        [{ detail: { "c-count": 5, "d-count": 9.9, "x-limit": 301.8 } }],
        [{ detail: { "c-count": 0, "d-count": 9, "x-limit": 301.8 } }, { detail: { "c-count": 5, "d-count": 10, "x-limit": 301.8 } }],
      ],
      [
        { detail: { sourceIPAddress: [{ cidr: "10.0.0.0/24" }] } },
        [{ detail: { sourceIPAddress: "10.0.0.0" } }, { detail: { sourceIPAddress: "10.0.0.255" } }],
        [{ detail: { sourceIPAddress: "10.0.1.0" } }, { detail: { sourceIPAddress: "::1" } }, { detail: { sourceIPAddress: "10.0.0" } }],
      ],
      [
        { detail: { "c-count": [{ exists: false }] } },
        [{ detail: { state: ["initializing", "running"] } }, { detail: { "c-count": { c1: 100 } } }, {}],
        [{ detail: { "c-count": 5 } }, { detail: { "c-count": [{ c1: 1 }, 5] } }],
      ],
      [
        {
          time: [{ prefix: "2017-10-02" }],
          detail: {
            state: [{ "anything-but": "initializing" }],
            "c-count": [{ numeric: [">", 0, "<=", 5] }],
            "x-limit": [{ "anything-but": [100, 200, 300] }],
          },
        },
        [{ time: "2017-10-02T16:24:49Z", detail: { state: "running", "c-count": 5, "x-limit": 301.8 } }],
        [
          { time: "2017-10-02T16:24:49Z", detail: { state: "initializing", "c-count": 5, "x-limit": 301.8 } },
          { time: "2017-10-02T16:24:49Z", detail: { state: "running", "c-count": 5, "x-limit": 300 } },
        ],
      ],
      [
        {
          source: ["aws.cloudwatch"],
          detail: {
            $or: [{ "c-count": [{ numeric: [">", 0, "<=", 5] }] }, { "d-count": [{ numeric: ["<", 10] }] }, { "x-limit": [{ numeric: ["=", 3.018e2] }] }],
          },
        },
        [{ source: "aws.cloudwatch", detail: { "c-count": 0, "d-count": 0, "x-limit": 9.018e2 } }],
        [
          { source: "aws.cloudwatch", detail: { "c-count": 0, "d-count": 10, "x-limit": 9.018e2 } },
          { source: "aws.ec2", detail: { "d-count": 0 } },
        ],
      ],
      [
        { EventBusArn: [{ wildcard: "arn:aws:events:us-east-1:*:event-bus/*" }] },
        [{ EventBusArn: "arn:aws:events:us-east-1:123456789012:event-bus/myEventBus" }],
        [{ EventBusArn: "arn:aws:events:eu-west-1:123456789012:event-bus/myEventBus" }],
      ],
      [
        { FileName: [{ wildcard: "/Users/*/dir/dir/dir/doc.txt" }] },
        [{ FileName: "/Users/x/dir/dir/dir/dir/dir/doc.txt" }],
        [{ FileName: "/Users/dir/dir/doc.txt" }],
      ],
    ]),
  )("%s", (_, row) => expectRow(row));
});
