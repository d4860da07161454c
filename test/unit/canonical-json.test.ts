import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../src/kernel/index.ts";

/** RFC 8785, appendix B: the bits of a double and its canonical text. */
const NUMBERS = [
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
] as const;

function double(bits: string): number {
  return Buffer.from(bits, "hex").readDoubleBE();
}

describe("RFC 8785's examples", () => {
  test("the example of section 3.2.2 comes out in the bytes of section 3.2.4", () => {
    const example = JSON.parse(String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`) as unknown;
    expect(canonicalJson(example)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
    expect(Buffer.from(canonicalJson(example)).toString("hex")).toBe(
      "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d",
    );
  });

  test("names are in the order of section 3.2.3, by UTF-16 code units", () => {
    const example = JSON.parse(String.raw`{
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"
    }`) as unknown;
    const order = [...canonicalJson(example).matchAll(/:"([^"]+)"/g)].map(([, value]) => value);
    expect(order).toEqual([
      "Carriage Return",
      "One",
      "Control",
      "Latin Small Letter O With Diaeresis",
      "Euro Sign",
      "Emoji: Grinning Face",
      "Hebrew Letter Dalet With Dagesh",
    ]);
  });

  test("arrays keep their order, and the names inside them are sorted", () => {
    expect(canonicalJson([56, { d: true, "10": null, "1": [] }])).toBe('[56,{"1":[],"10":null,"d":true}]');
  });

  test.each(NUMBERS)("the double %s is written %s", (bits, text) => {
    expect(canonicalJson(double(bits))).toBe(text);
  });

  test.each(["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])("the double %s is refused", (bits) => {
    expect(() => canonicalJson(double(bits))).toThrow(RangeError);
  });
});

describe("strings", () => {
  test.each([
    ["\u0000", String.raw`"\u0000"`],
    ["\b\t\n\f\r", String.raw`"\b\t\n\f\r"`],
    ["\u000b\u001f", String.raw`"\u000b\u001f"`],
    ['"\\/', String.raw`"\"\\/"`],
    ["\u007f", '"\u007f"'],
    ["\u2028\u2029", '"\u2028\u2029"'],
    ["A\u030a", '"A\u030a"'],
    ["\u{1f600}", '"\u{1f600}"'],
  ])("%j is written as section 3.2.2.2 says", (text, expected) => {
    expect(canonicalJson(text)).toBe(expected);
  });
});

describe("names that an object keeps in an order of its own", () => {
  test.each([
    ['{"b":{"2":0,"10":0},"a":0}', '{"a":0,"b":{"10":0,"2":0}}'],
    ['[{"b":1,"a":[{"d":1,"c":2}]}]', '[{"a":[{"c":2,"d":1}],"b":1}]'],
    ['{"b":1,"__proto__":{"d":1,"c":2},"a":3}', '{"__proto__":{"c":2,"d":1},"a":3,"b":1}'],
    ['{"__proto__":{"d":1,"c":2}}', '{"__proto__":{"c":2,"d":1}}'],
    ['{"toJSON":{"b":1,"a":2}}', '{"toJSON":{"a":2,"b":1}}'],
    [String.raw`{"b":"\\ud800","a":1}`, String.raw`{"a":1,"b":"\\ud800"}`],
  ])("%s is %s", (text, expected) => {
    expect(canonicalJson(JSON.parse(text))).toBe(expected);
  });

  test("what knows how to write itself is not asked", () => {
    expect(canonicalJson({ b: 1, a: new Date(0) })).toBe('{"a":{},"b":1}');
  });
});

describe("what JSON cannot say", () => {
  test.each([
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-Infinity", Number.NEGATIVE_INFINITY],
    ["a high surrogate alone", "a\ud83d"],
    ["a low surrogate alone", "\ude00a"],
    ["a pair the wrong way round", "\ude00\ud83d"],
    ["a name with a lone surrogate", { "\ud800": 1 }],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a bigint", 1n],
    ["undefined", undefined],
    ["undefined in an array", [undefined]],
  ])("%s is refused, wherever it stands", (_, value) => {
    expect(() => canonicalJson(value)).toThrow(RangeError);
    expect(() => canonicalJson([value])).toThrow(RangeError);
    if (value !== undefined) expect(() => canonicalJson({ deep: { value } })).toThrow(RangeError);
  });

  test("a member that is undefined is left out", () => {
    expect(canonicalJson({ a: undefined, b: 1, c: undefined, d: 2 })).toBe('{"b":1,"d":2}');
    expect(canonicalJson({ a: undefined })).toBe("{}");
  });
});
