import { type Answer, get, type HeaderFields, newerThan, ok, type Page, send } from "../support/http.ts";

/** What a command is answered with. */
export interface Decided<State = Readonly<Record<string, unknown>>> {
  readonly stream: string;
  readonly version: number;
  readonly events: readonly { readonly id: string; readonly version: number; readonly type: string; readonly data: unknown; readonly hash: string }[];
  readonly state: State;
  readonly shownOnce?: Readonly<Record<string, string>>;
}

/** A row of a view, or a state, of which a test knows the columns. */
export type Fields = Readonly<Record<string, unknown>>;

/** Sends a command: `order/o1/PlaceOrder`, and its data. */
export const command = (path: string, data: unknown = {}, headers: HeaderFields = {}): Promise<Answer> => send("POST", `/v1/aggregates/${path}`, data, headers);

/** Sends a command that is expected to be decided. */
export const decided = async <State = Fields>(path: string, data: unknown = {}, headers: HeaderFields = {}): Promise<Decided<State>> =>
  ok<Decided<State>>(await command(path, data, headers));

/** Sends commands to one aggregate, one after the other, each of which is expected to be decided; gives the last answer. */
export async function each(aggregate: string, commands: readonly (readonly [name: string, data?: unknown])[], headers: HeaderFields = {}): Promise<Answer> {
  let last: Answer | undefined;
  for (const [name, data] of commands) {
    last = await command(`${aggregate}/${name}`, data, headers);
    ok(last);
  }
  return last as Answer;
}

/** A view's first page of rows; `path` may bear a query. */
export const rowsOf = async (path: string, headers: HeaderFields = {}): Promise<readonly Fields[]> =>
  ok<Page<Fields>>(await get(`/v1/views/${path}`, headers)).items;

/** A row as it is once a write is in it. */
export const rowAfter = async (path: string, write: Answer, headers: HeaderFields = {}): Promise<Fields> =>
  ok<Fields>(await get(`/v1/views/${path}`, { ...headers, ...newerThan(write) }));

/** The short names of an answer's events. */
export const typesOf = ({ events }: Pick<Decided, "events">): readonly string[] => events.map(({ type }) => type);

/** Numbers from 1. */
export const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

/** How often each value is there. */
export function tally(values: readonly (string | number)[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** An order of one piece for ten coins, of somebody who does not pay: where there is stock, it is led on by nobody but the test. */
export const anOrder = { customerId: "silent-ann", items: [{ sku: "cup", quantity: 1, priceCents: 1000 }] };
/** Stock for such orders: of what is not there, the saga that fulfils orders would cancel them meanwhile. */
export async function inStock(headers: HeaderFields = {}): Promise<void> {
  for (const sku of ["cup", "pot"]) ok(await command(`inventory/${sku}/Receive`, { quantity: 1000 }, headers));
}
/** A password that is no weak one. */
export const password = "correct horse battery staple";
