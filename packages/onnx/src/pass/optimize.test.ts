import { expect, test } from 'vitest';
import { graphOf } from '../ir/trace.js';
import { input, parameter } from '../ir/value.js';
import { mul } from '../ops/elementwise.js';
import { matmul } from '../ops/matmul.js';
import { transpose } from '../ops/movement.js';
import { composedFixture, composedNetwork } from '../testing/composed-network.js';
import { optimize, type Provider, passesFor } from './optimize.js';
import { rewriteGraph } from './pass.js';

const network = composedNetwork(composedFixture());
const opsOf = (provider: Provider) => optimize(network, provider).nodes.map(({ op }) => op.opType);

test('only cpu and cuda get FusedMatMul', () => {
  for (const provider of ['cpu', 'cuda'] as const) expect(opsOf(provider)).toContain('FusedMatMul');
  for (const provider of ['webgpu', 'wasm'] as const) expect(opsOf(provider)).not.toContain('FusedMatMul');
});

test('a training graph shrinks, and passes leave nothing for a second round', () => {
  for (const provider of ['cpu', 'webgpu'] as const) {
    const once = optimize(network, provider);
    expect(once.nodes.length).toBeLessThan(0.9 * network.nodes.length);
    expect(optimize(once, provider).nodes.length).toBe(once.nodes.length);
  }
});

test('inputs, parameters, outputs and scopes stay', () => {
  const graph = optimize(network, 'cpu');
  expect(graph.inputs).toEqual(network.inputs);
  expect(new Set(graph.parameters)).toEqual(new Set(network.parameters));
  expect(Object.keys(graph.outputs)).toEqual(Object.keys(network.outputs));
  expect(graph.nodes.filter(({ op, scope }) => op.opType === 'Gemm' && scope === '')).toEqual([]);
});

test('dead nodes vanish by construction', () => {
  const x = input('x', 'float32', [2, 2]);
  const dead = matmul(x, parameter('unused', [2, 2]));
  const graph = graphOf([x], { y: mul(transpose(dead), 0) && x });
  for (const pass of passesFor('cpu')) expect(pass(graph).nodes).toEqual([]);
});

test('a pass that changes the type of an output is an error', () => {
  const x = input('x', 'float32', [2, 3]);
  const graph = graphOf([x], { y: transpose(x) });
  expect(() => rewriteGraph(graph, () => [x])).toThrow('output "y": expected a pass to keep float32[3, 2]');
});
