import { expect, test } from 'vitest';
import { graphOf } from '../ir/trace.js';
import { input } from '../ir/value.js';
import { sign } from '../ops/elementwise.js';
import { logSoftmax, softmax } from '../ops/normalize.js';
import { optimize } from './optimize.js';
import { webgpuOps } from './webgpu-ops.js';

const x = input('x', 'float32', ['b', 4]);
const i = input('i', 'int64', [3]);
const graph = graphOf([x, i], { y: logSoftmax(x, 0), z: softmax(x), s: sign(x), t: sign(i) });
const opTypes = (result: typeof graph) => result.nodes.map(({ op }) => op.opType).toSorted();

test('replaces LogSoftmax and the sign of floats by what webgpu has', () => {
  const { outputs, ...result } = webgpuOps(graph);
  expect(opTypes({ outputs, ...result })).toEqual([
    'Exp',
    'Greater',
    'Less',
    'Log',
    'ReduceMax',
    'ReduceSum',
    'Sign',
    'Softmax',
    'Sub',
    'Sub',
    'Where',
    'Where',
  ]);
  for (const name of ['y', 's']) expect(outputs[name]).toMatchObject({ dtype: 'float32', shape: ['b', 4] });
});

test('is a pass of webgpu alone', () => {
  expect(opTypes(optimize(graph, 'webgpu'))).not.toContain('LogSoftmax');
  for (const provider of ['cpu', 'cuda', 'wasm'] as const)
    expect(opTypes(optimize(graph, provider))).toContain('LogSoftmax');
});
