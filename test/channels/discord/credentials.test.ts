import { describe, expect, it } from 'vitest';
import { refuseCredentials } from '../../../src/channels/discord/credentials.ts';

describe('a bot token', () => {
  it.each(['MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs', 'bot-token', 'Botany', 'test'])(
    'may be %s',
    (token) => {
      expect(refuseCredentials({ token })).toBeNull();
    },
  );

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['Bot abc.def', 'give the token alone'],
    ['bearer abc', 'give the token alone'],
    ['abc def', 'space'],
    ['abc\n', 'space'],
    ['abc\0def', 'characters'],
    ['abcdé', 'characters'],
    ['ab', 'short'],
    ['x'.repeat(513), 'longer'],
  ])('may not be %j', (token, word) => {
    const refusal = refuseCredentials({ token });
    expect(refusal).toContain(word);
    if (token.trim().length > 3) expect(refusal).not.toContain(token);
  });

  it('is required, and the refusal says so of one that was not given', () => {
    expect(refuseCredentials({})).toMatch(/^is required/);
  });
});
