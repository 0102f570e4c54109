/**
 * Annotates a check that JSON Schema has no words for: without it, the description of what is checked would be lost
 * too.
 */
export const IN_WORDS = { toJsonSchema: () => ({}) } as const;
