import { describe, expect, test } from 'vitest';
import { MAX_DICTS, MAX_OPCODES, type PickleReader, unpickle, unpickleFrom } from './pickle.js';
import { PickleCutError } from './pickle-bytes.js';
import { isKind, type PickleValue } from './pickle-value.js';
import { PytorchFileError } from './pytorch-file-error.js';
import { uint } from './testing/pytorch-archive.js';

const reader: PickleReader = {
  globals: new Map([
    ['collections.OrderedDict', () => ({ kind: 'dict', ordered: true, items: new Map() })],
    ['torch.FloatStorage', undefined],
  ]),
  persistent: (id) => ({ kind: 'tuple', items: ['storage of', id] }),
};
const run = (...opcodes: (number | string | readonly number[])[]) =>
  unpickle(
    Uint8Array.from([
      0x80,
      4,
      ...opcodes.flatMap((op) =>
        typeof op === 'number' ? [op] : typeof op === 'string' ? [...new TextEncoder().encode(op)] : [...op],
      ),
    ]),
    'data.pkl',
    reader,
  );
const STOP = 0x2e;

describe('values', () => {
  const cases: [string, PickleValue, Parameters<typeof run>][] = [
    ['None', null, ['N', STOP]],
    ['True', true, [0x88, STOP]],
    ['False', false, [0x89, STOP]],
    ['BININT1', 255, ['K', 255, STOP]],
    ['BININT2', 65534, ['M', uint(2, 65534), STOP]],
    ['BININT', -2, ['J', uint(4, -2), STOP]],
    ['LONG1', -(2 ** 40), [0x8a, 6, uint(6, -(2 ** 40)), STOP]],
    ['LONG1 of no bytes', 0, [0x8a, 0, STOP]],
    ['BINFLOAT', 1.5, ['G', [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], STOP]],
    ['BINUNICODE', 'é', ['X', uint(4, 2), 'é', STOP]],
    ['SHORT_BINUNICODE in a frame', 'ab', [0x95, uint(8, 5), 0x8c, 2, 'ab', STOP]],
    ['SHORT_BINSTRING', 'ab', ['U', 2, 'ab', STOP]],
    ['BINSTRING', 'ab', ['T', uint(4, 2), 'ab', STOP]],
    ['BINUNICODE8', 'ab', [0x8d, uint(8, 2), 'ab', STOP]],
    ['GLOBAL', { kind: 'global', name: 'torch.FloatStorage' }, ['ctorch\nFloatStorage\n', STOP]],
    [
      'STACK_GLOBAL',
      { kind: 'global', name: 'torch.FloatStorage' },
      [0x8c, 5, 'torch', 0x8c, 12, 'FloatStorage', 0x93, STOP],
    ],
    ['TUPLE3', { kind: 'tuple', items: [1, 2, 3] }, ['K', 1, 'K', 2, 'K', 3, 0x87, STOP]],
    ['lists', { kind: 'list', items: [1, 2, 3] }, [']', 'K', 1, 'a', '(', 'K', 2, 'K', 3, 'e', STOP]],
    ['BINPERSID', { kind: 'tuple', items: ['storage of', 5] }, ['K', 5, 'Q', STOP]],
    ['memo', { kind: 'tuple', items: [7, 7] }, ['K', 7, 0x94, 'h', 0, 0x86, STOP]],
    [
      'LONG_BINPUT far away',
      { kind: 'tuple', items: [7, 7] },
      ['K', 7, 'r', uint(4, 2 ** 32 - 1), 'j', uint(4, 2 ** 32 - 1), 0x86, STOP],
    ],
  ];
  test.each(cases)('%s', (_, value, opcodes) => {
    expect(run(...opcodes)).toEqual(value);
  });

  test('dicts keep any key, and the attributes of an OrderedDict are let go', () => {
    const dict = run('ccollections\nOrderedDict\n)R', 0x8c, 9, '__proto__', 'K', 1, 's}N', 0x88, 'sb', STOP);
    expect(isKind(dict, 'dict') && [...dict.items]).toEqual([['__proto__', 1]]);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  test('a list that holds itself is built, not walked', () => {
    const list = run(']', 0x94, 'h', 0, 'a', STOP);
    expect(isKind(list, 'list') && list.items[0]).toBe(list);
    expect(() => run(']', 0x94, 'h', 0, 'aN', 'Rq', STOP)).toThrow(
      /call of a global with a tuple, got a list with null/,
    );
  });
});

describe('refused', () => {
  const cases: [string, RegExp, Parameters<typeof run>][] = [
    ['os.system by GLOBAL', /got the global "os\.system"/, ['cos\nsystem\n', STOP]],
    [
      'posix.system by STACK_GLOBAL',
      /got the global "posix\.system"/,
      [0x8c, 5, 'posix', 0x8c, 6, 'system', 0x93, STOP],
    ],
    [
      'a call of a class that is only named',
      /torch\.FloatStorage to be named, got a call/,
      ['ctorch\nFloatStorage\n)R', STOP],
    ],
    [
      'a call of a string',
      /call of a global with a tuple, got "os" with a tuple/,
      [0x8c, 2, 'os', ')R', STOP],
    ],
    ['NEWOBJ', /0x81/, ['N)', 0x81, STOP]],
    ['INST', /0x69/, ['(ios\nsystem\n', STOP]],
    ['OBJ', /0x6f/, ['(o', STOP]],
    ['EXT1', /0x82/, [0x82, 1, STOP]],
    ['NEXT_BUFFER', /0x97/, [0x97, STOP]],
    ['BUILD of a plain dict', /attributes of an OrderedDict only/, ['}}b', STOP]],
    ['a pop below a mark', /value on the stack, got none/, ['K', 1, '(', 'K', 2, 0x86, STOP]],
    ['a tuple without a mark', /expected a mark/, ['K', 1, 't', STOP]],
    ['an unknown memo', /expected memo 3/, ['h', 3, STOP]],
    ['append to a tuple', /expected a list to append to, got a tuple/, [')K', 1, 'a', STOP]],
    ['a key that is a list', /expected plain keys, got a list/, ['}]Ns', STOP]],
    ['an odd number of items', /an odd number of items/, ['}(N', 'u', STOP]],
    ['items left on the stack', /expected the end with one value, got 2/, ['NN', STOP]],
    ['bytes after the end', /1 bytes more/, ['N', STOP, 0]],
    ['a string longer than the pickle', /expected 60000 more bytes/, ['X', uint(4, 60_000), 'a', STOP]],
    ['a string of 2^32 bytes', /at most 65536 bytes, got 4294967295/, ['X', uint(4, 2 ** 32 - 1), STOP]],
    [
      'a string of 2^63 bytes',
      /length inside the pickle, got 9223372036854775808/,
      [0x8d, [0, 0, 0, 0, 0, 0, 0, 0x80], STOP],
    ],
    ['a number of 255 bytes', /at most 8 bytes, got 255/, [0x8a, 255, STOP]],
    ['a number beyond 2^53', /below 2\^53/, [0x8a, 8, uint(8, 2 ** 60), STOP]],
    ['text that is not UTF-8', /expected UTF-8/, [0x8c, 1, 0xff, STOP]],
    ['a global without an end', /expected a line/, ['cos']],
    ['a second protocol', /expected protocol 2 to 5 once/, [0x80, 4, 'N', STOP]],
    ['no end', /expected 1 more bytes, got 0/, ['N']],
  ];
  test.each(cases)('%s', (_, message, opcodes) => {
    expect(() => run(...opcodes)).toThrow(message);
    expect(() => run(...opcodes)).toThrow(PytorchFileError);
  });

  test('protocols 0, 1 and 6', () => {
    for (const protocol of [0, 1, 6]) {
      const bytes = Uint8Array.of(0x80, protocol, 0x4e, STOP);
      expect(() => unpickle(bytes, 'p', reader)).toThrow(/protocol 2 to 5/);
    }
  });

  test('opcodes and dicts without end', () => {
    const bytes = (opcode: number, count: number) => {
      const out = new Uint8Array(count + 1).fill(opcode);
      out[count] = STOP;
      return out;
    };
    expect(() => unpickle(bytes(0x4e, MAX_OPCODES), 'p', reader)).toThrow(
      /at most 4194304 opcodes, got more/,
    );
    expect(() => unpickle(bytes(0x7d, MAX_DICTS + 1), 'p', reader)).toThrow(/at most 524288 dicts, got more/);
    const calls = Uint8Array.from('ccollections\nOrderedDict\nq\0', (char) => char.charCodeAt(0));
    const call = [0x68, 0, 0x29, 0x52];
    const many = new Uint8Array(calls.length + call.length * (MAX_DICTS + 1));
    many.set(calls);
    for (let at = calls.length; at < many.length; at += call.length) many.set(call, at);
    expect(() => unpickle(many, 'p', reader)).toThrow(/at most 524288 dicts and calls, got more/);
  });

  test('pickles one after another, and where the bytes end first', () => {
    const two = Uint8Array.of(0x80, 2, 0x4b, 1, STOP, 0x80, 2, 0x4b, 2, STOP);
    expect(unpickleFrom(two, 0, 'p', reader)).toEqual({ value: 1, end: 5 });
    expect(unpickleFrom(two, 5, 'p', reader)).toEqual({ value: 2, end: 10 });
    expect(() => unpickle(two, 'p', reader)).toThrow(/pickle at byte 5: expected the end, got 5 bytes more/);
    for (let length = 0; length < 5; length++) {
      expect(() => unpickleFrom(two.subarray(0, length), 0, 'p', reader)).toThrow(PickleCutError);
    }
  });

  test('nesting as deep as the pickle is long', () => {
    const deep = 200_000;
    const bytes = new Uint8Array(deep + 2).fill(0x85);
    bytes[0] = 0x4e;
    bytes[deep + 1] = STOP;
    expect(isKind(unpickle(bytes, 'p', reader), 'tuple')).toBe(true);
  });

  test('a reference that doubles at each level stays small', () => {
    const opcodes: (number | string)[] = ['N'];
    for (let i = 0; i < 200; i++) opcodes.push(0x71, i, 0x68, i, 0x86);
    expect(isKind(run(...opcodes, STOP), 'tuple')).toBe(true);
  });
});
