import { input, mul, parameter, reduceSum } from '@rag/onnx';
import { describe, expect, it } from 'vitest';
import { SessionError } from '../error.js';
import { zeros } from '../tensor.js';
import { batchNames, checkedBatch, isChunked, knownNames } from './batch.js';
import { compile } from './compile.js';
import { stateOf } from './state.js';

/** Names of a plan whose encoder reads x (and noise in training), whose head reads y. */
async function plannedNames(cut: boolean) {
  const plan = compile(
    {
      build(mode) {
        const [x, y] = [input('x', 'float32', ['batch', 2]), input('y', 'float32', ['batch', 2])];
        const noise = input('noise', 'float32', ['batch', 2]);
        const weighted = mul(x, parameter('first.weight', [2]));
        const hidden = mode === 'train' ? mul(weighted, noise) : weighted;
        return {
          inputs: mode === 'train' ? [x, y, noise] : [x, y],
          sum: reduceSum(mul(hidden, y)),
          weight: reduceSum(y),
          ...(cut && { cuts: [{ hidden }], chunkCut: 'hidden' }),
        };
      },
    },
    { initial: () => new Float32Array(2), optimizer: {} },
  );
  return batchNames(plan.segments, await stateOf(plan.initial));
}
const planned = { whole: await plannedNames(false), cut: await plannedNames(true) };
const namesOf = (cut: boolean) => (cut ? planned.cut : planned.whole);
const rows = zeros('float32', [1, 2]);
const [x, y, noise] = [{ x: rows }, { y: rows }, { noise: rows }];

it('names what a batch feeds, segment by segment', () => {
  expect(namesOf(false)).toEqual([
    { segment: 'whole', training: ['x', 'y', 'noise'], evaluation: ['x', 'y'] },
  ]);
  expect(namesOf(true)).toEqual([
    { segment: 'encoder', training: ['x', 'noise'], evaluation: ['x'] },
    { segment: 'head', training: ['y'], evaluation: ['y'] },
  ]);
  expect([...knownNames(namesOf(true))]).toEqual(['x', 'noise', 'y']);
});

/** Checks a batch to its last chunk. */
const check = (...[where, batch, names, mode]: Parameters<typeof checkedBatch>) => {
  const checked = checkedBatch(where, batch, names, mode, names.length - 1 || undefined);
  if (isChunked(checked)) Array.from(checked.chunks);
};

it('tells chunks from a batch, whatever its tensors are called', () => {
  expect(isChunked({ chunks: [x], head: y })).toBe(true);
  expect(isChunked({ chunks: rows, head: rows })).toBe(false);
});

describe('a batch that fits', () => {
  it.each([true, false])('is fed at once, cut: %s', (cut) => {
    check('accumulate', { ...x, ...y, ...noise }, namesOf(cut), 'training');
    check('evaluate', { ...x, ...y }, namesOf(cut), 'evaluation');
    check('evaluate', { ...x, ...y, ...noise }, namesOf(cut), 'evaluation');
  });

  it('has its chunks read when they are needed, and as often as they are', () => {
    let made = 0;
    const chunks = {
      *[Symbol.iterator]() {
        made++;
        yield { ...x, ...noise };
      },
    };
    const checked = checkedBatch('accumulate', { chunks, head: y }, namesOf(true), 'training', 1);
    expect(made).toBe(0);
    if (!isChunked(checked)) throw new TypeError('expected chunks');
    for (const _ of [0, 1]) expect([...checked.chunks]).toEqual([{ ...x, ...noise }]);
    expect(made).toBe(2);
  });

  it('is fed by chunks where the plan is cut', () => {
    check('accumulate', { chunks: [{ ...x, ...noise }], head: y }, namesOf(true), 'training');
    check('evaluate', { chunks: [x, { ...x, ...noise }], head: y }, namesOf(true), 'evaluation');
  });
});

describe('a batch that does not fit', () => {
  const cases: [string, Parameters<typeof checkedBatch>[1], boolean, string][] = [
    [
      'chunks of a plan without a cut',
      { chunks: [{ ...x, ...noise }], head: y },
      false,
      'accumulate: expected one batch for a plan of one segment, got chunks — compile the objective with a chunkCut',
    ],
    [
      'a chunk without dropout',
      { chunks: [{ ...x, ...noise }, x], head: y },
      true,
      'accumulate: chunk 1: expected the tensors x, noise, got none named "noise" — feed what the encoder reads',
    ],
    [
      'a head without its input',
      { chunks: [{ ...x, ...noise }], head: {} },
      true,
      'accumulate: head: expected the tensors y, got none named "y" — feed what the head reads',
    ],
    [
      "the head's tensor in a chunk",
      { chunks: [{ ...x, ...noise, ...y }], head: y },
      true,
      'accumulate: chunk 0: expected tensors among x, noise, got "y" — leave out',
    ],
    [
      'a batch without an input',
      { ...x, ...noise },
      true,
      'none named "y" — feed what the encoder and the head',
    ],
  ];
  it.each(cases)('%s', (_, batch, cut, message) => {
    const attempt = () => check('accumulate', batch, namesOf(cut), 'training');
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(SessionError);
  });
});
