/** Every item of a list, page by page. Throws where an answer is no 200. */
export async function readAll<Item>(url: string, key: string, path: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query: string = `${path.includes("?") ? "&" : "?"}limit=1000${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const page: { items: readonly Item[]; next: string | null } | undefined = await askFor(url, key, `${path}${query}`);
    if (page === undefined) throw new Error(`expected ${path} to be there, got 404`);
    items.push(...page.items);
    cursor = page.next;
  }
  return items;
}

/** What is behind a path; undefined where it is not there. Throws where the answer is neither 200 nor 404. */
export async function askFor<Body>(url: string, key: string, path: string): Promise<Body | undefined> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  if (response.ok) return (await response.json()) as Body;
  const text = await response.text();
  if (response.status === 404) return undefined;
  throw new Error(`expected ${path} to be answered with 200, got ${response.status} ${text}`);
}
