/** A tenant's id: 2 to 63 characters, a letter first. */
export const TENANT_PATTERN = /^[a-z][a-z0-9-]{1,62}$/;

/** The tenant that `ADMIN_KEY` belongs to. */
export const DEFAULT_TENANT = "default";
