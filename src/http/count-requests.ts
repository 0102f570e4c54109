import type { IncomingMessage, ServerResponse } from 'node:http';

/** Knows whether any request is under way, from its head until its answer is sent or its client gone. */
export const countRequests = () => {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  const finish = (): void => {
    underWay -= 1;
    if (underWay === 0) for (const resolve of waiting.splice(0)) resolve();
  };
  return {
    begin: (_request: IncomingMessage, response: ServerResponse): void => {
      underWay += 1;
      response.once('close', finish);
    },
    /** Resolves once there is none. */
    quiet: (): Promise<void> =>
      underWay === 0 ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve)),
  };
};
