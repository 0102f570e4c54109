/** Everything but what operators' tools look for at the root lies below this. */
export const BASE_PATH = '/api/v2';
