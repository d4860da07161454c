import type { Saga } from "../../kernel/index.ts";
import { notFound } from "../problem.ts";
import type { Services } from "../services.ts";

/** The saga of this name; undefined where the code has none. */
export function sagaOf(services: Services, name: string): Saga | undefined {
  return services.sagas.find((saga) => saga.name === name);
}

/** 404 that names the sagas there are. */
export function noSaga(services: Services, name: string): Response {
  return notFound(`There is no saga ${name}; there are ${services.sagas.map((saga) => saga.name).join(", ") || "none"}.`);
}

/** 404 of an instance. */
export function noInstance({ name, id }: { readonly name: string; readonly id: string }): Response {
  return notFound(`There is no instance ${id} of the saga ${name}.`);
}
