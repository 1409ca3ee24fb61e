import { readFileSync } from 'node:fs';
import { gradients } from '../grad/gradients.js';
import { type Graph, graphOf, nameOf } from '../ir/trace.js';
import { input, parameter, scope, type Value } from '../ir/value.js';
import { add, cast, div, gelu, mul, neg, sub } from '../ops/elementwise.js';
import { gather, gatherElements, range } from '../ops/gather.js';
import { linear, matmul } from '../ops/matmul.js';
import { reshape, reshapeLike, shapeOf, squeeze, transpose, unsqueeze } from '../ops/movement.js';
import { layerNormalization, logSoftmax, softmax } from '../ops/normalize.js';
import { reduceSum } from '../ops/reduce.js';
import { slice } from '../ops/slice.js';
import { type HostTensor, tensor } from './host-tensor.js';

/** What `scripts/golden/composed-network.py` wrote. */
export interface ComposedFixture {
  readonly config: { readonly heads: number; readonly epsilon: number };
  readonly inputs: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly loss: number;
  readonly parameters: Readonly<
    Record<string, { readonly shape: number[]; readonly data: number[]; readonly gradient: number[] }>
  >;
}

export const composedFixture = (): ComposedFixture =>
  JSON.parse(readFileSync(new URL('../grad/fixtures/composed-network.json', import.meta.url), 'utf8'));

/**
 * The network of the fixture with symbolic batch and seq: embeddings, masked attention of two heads, post-norm feed-forward
 * with GELU, and the mean cross-entropy of real tokens. Outputs: `loss`, and `d_<parameter>` for each parameter.
 */
export function composedNetwork({ config: { heads, epsilon }, parameters }: ComposedFixture): Graph {
  const p = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape }]) => [name, parameter(name, shape)]),
  );
  const [ids, mask, labels] = ['input_ids', 'attention_mask', 'labels'].map((name) =>
    input(name, 'int64', ['batch', 'seq']),
  ) as [Value, Value, Value];
  const affine = (x: Value, name: string) =>
    scope(name, () => linear(x, p[`${name}.weight`]!, p[`${name}.bias`]!));
  const norm = (x: Value, name: string) =>
    scope(name, () => layerNormalization(x, p[`${name}.weight`]!, p[`${name}.bias`]!, epsilon));
  const hidden = p['word_embeddings.weight']!.shape[1] as number;
  const width = hidden / heads;

  const words = gather(p['word_embeddings.weight']!, ids);
  const places = range(squeeze(slice(shapeOf(ids), [1], [2], [0]), [0]));
  const embedded = norm(add(words, gather(p['position_embeddings.weight']!, places)), 'embeddings.LayerNorm');
  const tokens = reshape(embedded, [-1, hidden]);
  const split = (x: Value): Value =>
    transpose(reshape(reshapeLike(x, words), [0, 0, heads, width]), [0, 2, 1, 3]);
  const [query, key, value] = ['query', 'key', 'value'].map((name) => split(affine(tokens, name))) as [
    Value,
    Value,
    Value,
  ];
  const bias = mul(sub(1, cast(unsqueeze(mask, [1, 2]), 'float32')), -1e30);
  const scores = div(matmul(query, transpose(key)), Math.sqrt(width));
  const context = transpose(matmul(softmax(add(scores, bias)), value), [0, 2, 1, 3]);
  const attended = norm(
    add(tokens, affine(reshape(context, [-1, hidden]), 'attention.output')),
    'attention.LayerNorm',
  );
  const transformed = affine(gelu(affine(attended, 'intermediate')), 'output');
  const logits = affine(norm(add(attended, transformed), 'output.LayerNorm'), 'classifier');
  const logProbability = gatherElements(logSoftmax(logits), reshape(labels, [-1, 1]), 1);
  const weight = cast(reshape(mask, [-1, 1]), 'float32');
  const loss = div(neg(reduceSum(mul(logProbability, weight))), reduceSum(weight));
  const by = gradients(loss, Object.values(p));
  return graphOf([ids, mask, labels], {
    loss,
    ...Object.fromEntries(Object.values(p).map((value, i) => [`d_${nameOf(value)}`, by[i]!])),
  });
}

/** The fixture's batch and parameters. */
export function composedFeeds({ inputs, parameters }: ComposedFixture): Record<string, HostTensor> {
  return Object.fromEntries([
    ...Object.entries(inputs).map(([name, rows]) => [
      name,
      tensor(rows.flat(), 'int64', [rows.length, rows[0]!.length]),
    ]),
    ...Object.entries(parameters).map(([name, { shape, data }]) => [name, tensor(data, 'float32', shape)]),
  ]);
}
