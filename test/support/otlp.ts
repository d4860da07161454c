import { createFileRegistry, fromBinary, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { readFileSync } from "node:fs";
import { join } from "node:path";

// The official definitions, compiled: opentelemetry/proto/collector/trace/v1/trace_service.proto and what it imports, as a
// FileDescriptorSet (https://github.com/open-telemetry/opentelemetry-proto, Apache-2.0; as release 1.45.0 of its Python package has it).
const FILE = join(import.meta.dirname, "../fixtures/opentelemetry-trace.binpb");

/** What an export says, read as a collector does; throws at whatever the official definitions do not have. In OTLP's JSON ids are hexadecimal, in protobuf's own, which this gives, base64. */
export function collected(json: unknown): JsonValue {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(FILE)));
  const request = registry.getMessage("opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest");
  if (request === undefined) throw new Error("expected the official definitions to have ExportTraceServiceRequest");
  const text = JSON.stringify(json, (name, value: unknown) => {
    if (!/^(traceId|spanId|parentSpanId)$/.test(name)) return value;
    if (typeof value !== "string" || !(name === "traceId" ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{16}$/).test(value))
      throw new Error(`${name} is no id: ${String(value)}`);
    return Buffer.from(value, "hex").toString("base64");
  });
  return toJson(request, fromJson(request, JSON.parse(text) as JsonValue));
}
