import type { PageOf, PageRequest } from '../../src/domain/page.ts';

/** Reads a list to its end, page by page; `between` runs after each page. */
export const readAll = async <A>(
  read: (page: PageRequest) => Promise<PageOf<A>>,
  limit: number,
  between: () => Promise<unknown> = async () => {},
): Promise<readonly A[]> => {
  const items: A[] = [];
  let cursor: string | null = null;
  do {
    const page: PageOf<A> = await read({ limit, cursor });
    items.push(...page.items);
    cursor = page.cursor;
    await between();
  } while (cursor !== null);
  return items;
};
