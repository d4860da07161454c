/** Does something with each item, so many at once at most. */
export async function atOnce<Item>(items: Iterable<Item>, most: number, each: (item: Item) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = left.next(); !next.done; next = left.next()) await each(next.value);
  };
  await Promise.all(Array.from({ length: most }, work));
}
