import { celEnv, type CelEnv, celFunc, type CelList, celList, celMethod, CelScalar, celUint, type CelValue, listType } from "@bufbuild/cel";
import { characterCount } from "../../kernel/index.ts";
import { meter } from "./meter.ts";
import { countedRegex } from "./cel-regex.ts";
import { spendOnText } from "./cel-values.ts";

const { BOOL, INT, STRING, UINT } = CelScalar;
const LIST = listType(CelScalar.DYN);

/** Up to this length a text is found in time with the text around it; a longer one may take time in their product. */
const QUICKLY_FOUND = 250;

/** The name of what collects the results of `map` and `filter`: no name that can be written. */
export const APPEND = "@append";

let environment: CelEnv | undefined;

/** The functions of CEL. Those whose time or memory grows with a text are ours, and count; made once, when the first expression comes. */
export function celEnvironment(): CelEnv {
  environment ??= celEnv({
    re2: countedRegex,
    funcs: [
      celFunc("_+_", [STRING, STRING], STRING, (left, right) => {
        spendOnText(left.length + right.length);
        return left + right;
      }),
      celMethod("contains", STRING, [STRING], BOOL, function (part) {
        if (part.length > QUICKLY_FOUND) meter.spend((this.length * part.length) / 1024);
        return this.includes(part);
      }),
      celFunc("size", [STRING], INT, sizeOf),
      celMethod("size", STRING, [], INT, function () {
        return sizeOf(this);
      }),
      celFunc("int", [STRING], INT, (text) => whole(text, -(2n ** 63n), 2n ** 63n)),
      celFunc("uint", [STRING], UINT, (text) => celUint(whole(text, 0n, 2n ** 64n))),
      celFunc(APPEND, [LIST, LIST], LIST, appended),
    ],
  });
  return environment;
}

function sizeOf(text: string): bigint {
  spendOnText(text.length);
  return BigInt(characterCount(text));
}

/** From one bound up to the other, which is excluded. The library would read any length, which takes more than time in it. */
function whole(text: string, from: bigint, to: bigint): bigint {
  const value = /^[+-]?\d{1,20}$/.test(text) ? BigInt(text.replace("+", "")) : undefined;
  if (value === undefined || value < from || value >= to) throw new Error("expected a whole number of 64 bits");
  return value;
}

const growing = new WeakMap<CelList, CelValue[]>();

/** Adds in place: the library's own `+` makes a list of two lists each time, which takes the square of its length to read. */
function appended(list: CelList, added: CelList): CelList {
  const items = growing.get(list);
  if (items !== undefined) {
    items.push(...added);
    return list;
  }
  const begun = [...list, ...added];
  const made = celList(begun);
  growing.set(made, begun);
  return made;
}
