import { gelu, input, linear, mul } from '@rag/onnx';
import { expect, test } from 'vitest';
import { layerCuts } from './layer-cuts.js';
import { module, parameterRoot } from './parameters.js';

/** Layers that add what a product of their own gives; `scale` is made of inputs alone, and within the first layer. */
function network(layers: number, name = (i: number) => `layers.${i}`) {
  const root = parameterRoot();
  const fed = input('x', 'float32', ['tokens', 4]);
  let scale = fed;
  const states = [linear(fed, root.get('embed.weight', [4, 4]))];
  for (let i = 0; i < layers; i++)
    states.push(
      module(root, name(i), (layer) => {
        if (i === 0) scale = mul(fed, 2);
        return mul(gelu(linear(states.at(-1)!, layer.get('dense.weight', [4, 4]))), scale);
      }),
    );
  return { states, end: module(root, 'head', (head) => linear(states.at(-1)!, head.get('weight', [1, 4]))) };
}

test('finds what stands between layers', () => {
  const { states, end } = network(3);
  const cuts = layerCuts([end], 3);
  expect(cuts.map((cut) => Object.keys(cut))).toEqual([
    ['hidden_states.0'],
    ['hidden_states.1'],
    ['hidden_states.2'],
    ['hidden_states.3'],
  ]);
  for (const [i, cut] of cuts.entries()) expect(cut[`hidden_states.${i}`]).toBe(states[i]);
  expect(Object.values(layerCuts([states.at(-1)!], 3)[3]!)).toEqual([states[3]]);
});

test('puts what heads behind earlier layers compute beside what leaves their layer', () => {
  const { states } = network(3);
  const root = parameterRoot();
  const heads = states
    .slice(1)
    .map((state, i) => module(root, `lm_head.${i}`, (head) => linear(state, head.get('weight', [1, 4]))));
  const cuts = layerCuts(heads, 3, heads.slice(0, -1));
  expect(cuts.map((cut) => Object.keys(cut))).toEqual([
    ['hidden_states.0'],
    ['hidden_states.1', 'exits.1'],
    ['hidden_states.2', 'exits.2'],
    ['hidden_states.3'],
  ]);
  for (const [i, cut] of cuts.entries()) expect(cut[`hidden_states.${i}`]).toBe(states[i]);
  expect([cuts[1]!['exits.1'], cuts[2]!['exits.2']].map((exit) => heads.indexOf(exit!))).toEqual([0, 1]);
});

test('says where layers do not follow each other', () => {
  const shared = network(2, () => 'group.0');
  expect(() => layerCuts([shared.end], 2)).toThrow(
    'layerCuts: expected 2 layers that follow each other, got 0 values as what leaves layer 1 — train this architecture in one segment',
  );
  const { states, end } = network(2);
  expect(() => layerCuts([mul(end, 1), mul(states[1]!, 2), mul(states[0]!, 2)], 3)).toThrow(
    'what leaves layer 2',
  );
});
