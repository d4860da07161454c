import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { askService } from "../../src/ports/http-service.ts";
import { httpPayments } from "../../src/ports/http-payments.ts";

async function answering(status: number, text: string, headers: Readonly<Record<string, string>> = {}) {
  const server = createServer((request, response) => {
    request.resume();
    if (status === 0) return;
    response.writeHead(status, headers).end(text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const question = { name: "service", path: "things", key: "\u0000a/key that no header takes", body: {} };
const shape = z.object({ n: z.int() });
const asking = async (status: number, text: string) =>
  askService({ url: await answering(status, text), requestMs: status === 0 ? 300 : 30_000 }, question, shape);

test("what was asked for is the answer", async () => {
  expect(await asking(200, '{"n":1}')).toEqual({ ok: true, answer: { n: 1 } });
});

test.each([400, 402, 403, 404, 409, 422])("%i is the service's no, in its own words where it has some", async (status) => {
  expect(await asking(status, '{"detail":"Not so."}')).toEqual({ ok: false, status, reason: "Not so." });
  expect(await asking(status, "<html>")).toEqual({ ok: false, status, reason: `The service answered ${status}.` });
});

test.each([408, 425, 429, 500, 502, 503, 302])("%i is no answer: it is to be asked again", async (status) => {
  await expect(asking(status, '{"n":1}')).rejects.toThrow(`The service answered ${status}.`);
});

test("another shape, no JSON, too much, nobody there, and nothing in time are to be asked again, and tell nothing of what is inside", async () => {
  await expect(asking(200, '{"n":"1"}')).rejects.toThrow("something else than was asked for");
  await expect(asking(200, "n=1")).rejects.toThrow("something else than was asked for");
  await expect(asking(200, JSON.stringify({ n: 1, more: "x".repeat(70_000) }))).rejects.toThrow("something else than was asked for");
  await expect(asking(0, "")).rejects.toThrow("could not be reached, or took over 300 ms");
  await expect(askService({ url: "http://127.0.0.1:1" }, question, shape)).rejects.toThrow(/^The service could not be reached/);
});

test("a refund that is refused is no refund: it throws, and is tried again", async () => {
  const payments = httpPayments({ url: await answering(409, '{"detail":"No such charge."}') });
  const refund = { orderId: "o1", reference: "r1", amountCents: 100, currency: "EUR" };
  await expect(payments.refund(refund, "k")).rejects.toThrow("No such charge.");
});

test("a provider may answer a charge more than once", async () => {
  const captured = { outcome: "captured", reference: "r1" };
  const payments = httpPayments({ url: await answering(200, JSON.stringify([captured, captured])) });
  expect(await payments.charge({ orderId: "o1", customerId: "c1", amountCents: 1, currency: "EUR" }, "k")).toEqual([captured, captured]);
});

test("a charge that nobody knows of is cancelled; one that is not cancelled throws, and is tried again", async () => {
  const charge = { orderId: "o1", customerId: "c1", amountCents: 1, currency: "EUR" };
  for (const status of [200, 404]) await expect(httpPayments({ url: await answering(status, "{}") }).cancel(charge, "k")).resolves.toBeUndefined();
  await expect(httpPayments({ url: await answering(403, '{"detail":"Not you."}') }).cancel(charge, "k")).rejects.toThrow("Not you.");
});
