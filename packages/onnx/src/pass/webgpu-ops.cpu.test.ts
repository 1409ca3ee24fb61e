import { expect, test } from 'vitest';
import { graphOf } from '../ir/trace.js';
import { input } from '../ir/value.js';
import { sign } from '../ops/elementwise.js';
import { logSoftmax } from '../ops/normalize.js';
import { numbersOf, runGraph, tensor } from '../testing/index.js';
import { webgpuOps } from './webgpu-ops.js';

test('what webgpu has computes the same numbers', async () => {
  const x = input('x', 'float32', [2, 3]);
  const graph = graphOf([x], { rows: logSoftmax(x, 1), columns: logSoftmax(x, 0), sign: sign(x) });
  const feeds = { x: tensor([-300, 0, 250, 1e-7, -2, Number.NEGATIVE_INFINITY], 'float32', [2, 3]) };
  const [before, after] = [await runGraph(graph, feeds), await runGraph(webgpuOps(graph), feeds)];
  for (const [name, expected] of Object.entries(before))
    for (const [i, value] of numbersOf(expected).entries()) {
      const got = numbersOf(after[name]!)[i]!;
      if (Number.isFinite(value)) expect(got, `${name} ${i}`).toBeCloseTo(value, 4);
      else expect(got, `${name} ${i}`).toBe(value);
    }
});
