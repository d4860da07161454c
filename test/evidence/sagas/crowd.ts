import { atOnce } from "../robustness/pool.ts";
import type { Insistent } from "../insistent.ts";

/** What the orders of a crowd came to. */
export interface Crowd {
  readonly orders: number;
  readonly confirmed: number;
  /** Cancelled since the payment was declined, and since the goods were gone. */
  readonly declined: number;
  readonly short: number;
  /** Pieces that were there, and that have left. */
  readonly pieces: number;
  readonly sold: number;
}

/** Clients that order at a time. */
const CLIENTS = 32;
/** Skus; an order is of one or two of them. */
const SKUS = ["c-salt", "c-milk", "c-rice", "c-oats", "c-corn"];

/** The orders of a crowd: every tenth customer's payment is declined, and there are goods for about six in ten of the others. */
export async function orderAtOnce(client: Insistent, orders: number): Promise<readonly string[]> {
  const pieces = piecesFor(orders);
  for (const sku of SKUS) await client.change("POST", `/v1/aggregates/inventory/${sku}/Receive`, { quantity: pieces });
  const ids = Array.from({ length: orders }, (_, n) => `c${n}`);
  await atOnce(ids.entries(), CLIENTS, async ([n, id]) => {
    const customerId = n % 10 === 0 ? `declined-${n}` : `customer-${n}`;
    const skus = [SKUS[n % SKUS.length] as string, ...(n % 3 === 0 ? [SKUS[(n + 1) % SKUS.length] as string] : [])];
    await client.change("POST", `/v1/aggregates/order/${id}/PlaceOrder`, { customerId, items: skus.map((sku) => ({ sku, quantity: 1, priceCents: 100 })) });
  });
  return ids;
}

/** Pieces of each sku. */
function piecesFor(orders: number): number {
  return Math.ceil(((orders * 4) / 3 / SKUS.length) * 0.6);
}

interface Row {
  readonly orderId: string;
  readonly status: string;
}

/** What came of them, by the views and the orders themselves. */
export async function countCrowd(client: Insistent, ids: readonly string[], rows: readonly Row[]): Promise<Crowd> {
  const wanted = new Set(ids);
  const own = rows.filter(({ orderId }) => wanted.has(orderId));
  const count = (is: (row: Row) => boolean): number => own.filter(is).length;
  const isDeclined = ({ orderId }: Row): boolean => Number(orderId.slice(1)) % 10 === 0;
  let sold = 0;
  for (const sku of SKUS) {
    const { state } = (await client.look<{ state: { available: number; reserved: number } }>(`/v1/aggregates/inventory/${sku}`)) ?? {};
    sold += piecesFor(ids.length) - (state?.available ?? 0) - (state?.reserved ?? 0);
  }
  return {
    orders: own.length,
    confirmed: count(({ status }) => status === "confirmed"),
    declined: count((row) => row.status === "cancelled" && isDeclined(row)),
    short: count((row) => row.status === "cancelled" && !isDeclined(row)),
    pieces: piecesFor(ids.length) * SKUS.length,
    sold,
  };
}
