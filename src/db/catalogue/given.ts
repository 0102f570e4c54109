type Given<Filters> = { readonly [Name in keyof Filters]?: Exclude<Filters[Name], undefined> };

/** What a request did give of its filters: a condition for each of them, and none for the others. */
export const given = <Filters extends object>(filters: Filters): Given<Filters> =>
  Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)) as Given<Filters>;
