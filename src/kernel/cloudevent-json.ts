import { checkAttributes } from "./cloudevent-check.ts";
import { NO_DATA, type StoredData, textData, withData } from "./cloudevent-data.ts";
import { isBase64, isJsonType } from "./cloudevent-types.ts";
import type { CloudEvent, CloudEventsRead } from "./cloudevent.ts";
import { type JsonFault, type JsonText, jsonText, pathText, readJson } from "./json-text.ts";

/** Of faults, at most so many are told. */
const MAX_FAULTS = 100;

type Members = Readonly<Record<string, unknown>>;
type Tell = (name: string, message: string) => void;

/** Reads one CloudEvent in the JSON format (CloudEvents 1.0.2, https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md). */
export function readCloudEvent(text: string): CloudEventsRead {
  const json = readJson(text, ["data"]);
  if (!json.ok) return "fault" in json ? { ok: false, errors: [json.fault] } : json;
  return readAll([json.value], json.texts(), () => []);
}

/** Reads a batch of CloudEvents in the JSON batch format, perhaps an empty one. Paths begin with the event's place: `[3].id`. */
export function readCloudEventBatch(text: string): CloudEventsRead {
  const json = readJson(text, ["*", "data"]);
  if (!json.ok) return "fault" in json ? { ok: false, errors: [json.fault] } : json;
  if (!Array.isArray(json.value)) return { ok: false, errors: [{ path: "", message: "Expected an array of CloudEvents" }] };
  return readAll(json.value, json.texts(), (index) => [index]);
}

/** `datas` are the texts of those values' data that have any, in their order. */
function readAll(values: readonly unknown[], datas: readonly JsonText[], pathOf: (index: number) => readonly number[]): CloudEventsRead {
  const events: CloudEvent[] = [];
  const errors: JsonFault[] = [];
  let picked = 0;
  for (const [index, value] of values.entries()) {
    const tell = (path: readonly (string | number)[], message: string): void => {
      if (errors.length < MAX_FAULTS) errors.push({ path: pathText(path), message });
    };
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      tell(pathOf(index), "Expected an object");
      continue;
    }
    const data = Object.hasOwn(value, "data") ? datas[picked++] : undefined;
    const event = readMembers(value as Members, data, (name, message) => tell([...pathOf(index), name], message));
    if (event !== undefined) events.push(event);
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, events };
}

function readMembers(members: Members, dataText: JsonText | undefined, tell: Tell): CloudEvent | undefined {
  const names = Object.keys(members).filter((name) => name !== "data" && name !== "data_base64");
  const attributes = checkAttributes(
    names.map((name) => [name, members[name]]),
    tell,
  );
  const data = readData(members, dataText, tell);
  return attributes === undefined || data === undefined ? undefined : withData(attributes, data);
}

/** JSON format 1.0.2, section 3.1.2. A null `data_base64` is none; a null `data` is data. */
function readData(members: Members, text: JsonText | undefined, tell: Tell): StoredData | undefined {
  const base64 = Object.hasOwn(members, "data_base64") ? members["data_base64"] : null;
  if (base64 !== null) {
    if (text !== undefined) tell("data_base64", "Expected one of data and data_base64, got both");
    else if (typeof base64 !== "string" || !isBase64(base64)) tell("data_base64", "Expected a text of base64 (RFC 4648), padded");
    else return { data: jsonText(base64), form: "bytes" };
    return undefined;
  }
  if (text === undefined) return NO_DATA;
  const type = Object.hasOwn(members, "datacontenttype") ? members["datacontenttype"] : null;
  if (typeof type !== "string" || isJsonType(type)) return { data: text };
  if (typeof members["data"] === "string") return textData(members["data"]);
  tell("data", `Expected a text, since ${type} is not JSON`);
  return undefined;
}
