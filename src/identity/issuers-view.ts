import type { LoggedEvent } from "../kernel/index.ts";
import { ISSUER_CATEGORY, type IssuerSettings } from "./issuer.ts";
import { rowsView } from "./rows-view.ts";

/** A line of the list of issuers. */
export interface IssuerRow extends Omit<IssuerSettings, "grants" | "secret" | "within"> {
  readonly id: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly createdAt: string;
}

/** The issuers whose tokens a tenant takes. */
export const issuersView = rowsView<IssuerRow>({ name: "issuers", category: ISSUER_CATEGORY, rowAfter });

function rowAfter(row: IssuerRow | undefined, { type, data, recorded }: LoggedEvent, id: string): IssuerRow | undefined {
  if (type === "rivulet.IssuerRemoved") return undefined;
  if (type !== "rivulet.IssuerRegistered") return row;
  const { grants: _grants, secret: _secret, within: _within, ...open } = JSON.parse(data) as IssuerSettings;
  return { id, ...open, createdAt: recorded };
}
