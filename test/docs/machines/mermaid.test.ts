import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { chartOf, mermaid, transitionTable } from '../../../docs/machines/mermaid.ts';
import { proseOf } from '../../../docs/machines/prose.ts';

const door = createMachine({
  id: 'door',
  initial: 'closed',
  states: {
    closed: { on: { open: { target: 'open', guard: 'isUnlocked' }, push: 'open', knock: { actions: () => {} } } },
    open: { always: { target: 'broken', guard: { type: 'isBroken' } }, on: { close: 'closed' } },
    broken: { type: 'final' },
  },
});

describe('the diagram of a machine', () => {
  test('has one arrow per pair of states, with every event and guard that leads along it', () => {
    expect(mermaid(chartOf(door)).split('\n')).toEqual([
      'stateDiagram-v2',
      '  [*] --> closed',
      '  closed --> open : open [isUnlocked]<br/>push',
      '  open --> broken : always [isBroken]',
      '  open --> closed : close',
      '  broken --> [*]',
    ]);
  });

  test('comes with a table that also has what stays in its state', () => {
    expect(transitionTable(chartOf(door)).split('\n').slice(2)).toEqual([
      '| closed | open | isUnlocked | open |',
      '| closed | push |  | open |',
      '| closed | knock |  | (stays) |',
      '| open | always | isBroken | broken |',
      '| open | close |  | closed |',
    ]);
  });

  test('refuses a guard that nobody can name', () => {
    const secretive = createMachine({
      id: 'secretive',
      initial: 'here',
      states: { here: { on: { go: { target: 'there', guard: () => true } } }, there: {} },
    });
    expect(() => chartOf(secretive)).toThrow('A guard without a name');
  });

  test('refuses nested states by name', () => {
    const nested = createMachine({
      id: 'nested',
      initial: 'outer',
      states: { outer: { initial: 'inner', states: { inner: {} } } },
    });
    expect(() => chartOf(nested)).toThrow('"outer"');
  });
});

describe('the prose of a machine', () => {
  test('is the first comment that documents no declaration, its aligned terms made a list', () => {
    const source = [
      "import { setup } from 'xstate';",
      '/** Of something else. */',
      '/*',
      ' * A door.',
      ' *',
      ' * `closed`          nobody passes.',
      ' * `open`, `broken`  everybody does.',
      ' */',
      'const builder = setup({});',
    ].join('\n');
    expect(proseOf(source)).toBe('A door.\n\n- `closed`: nobody passes.\n- `open`, `broken`: everybody does.');
  });

  test('is missed where it is missing', () => {
    expect(() => proseOf('const builder = 1;\n')).toThrow('opens with prose');
  });
});
