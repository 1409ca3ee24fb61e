import { gather, graphOf, input, linear, nameOf, parameter, transpose } from '@rag/onnx';
import { expect, it } from 'vitest';
import { widenParameters } from './widen-parameters.js';

const ids = input('ids', 'int64', ['tokens']);
const table = parameter('table', [50, 8]);
const [first, second] = [parameter('first', [8, 8]), parameter('second', [8, 8])];
const graph = graphOf([ids], {
  y: linear(linear(gather(table, ids), first), second),
  rows: transpose(gather(table, ids), [1, 0]),
});
const half = (name: string) => parameter(name, name === 'table' ? [50, 8] : [8, 8], 'float16');

it('of a table only the rows that are read are widened, whole tables never', () => {
  const widened = widenParameters(graph, (value) => half(nameOf(value)));
  expect(widened.parameters.map(({ dtype }) => dtype)).toEqual(['float16', 'float16', 'float16']);
  const shapes = widened.nodes.flatMap(({ op, outputs }) =>
    op.opType === 'Cast' ? [outputs[0]!.shape] : [],
  );
  expect(shapes.map(String).sort()).toEqual(['8,8', '8,8', 'tokens,8', 'tokens,8']);
});

it('weights are widened by the nodes that come first, which ONNX Runtime runs as late as it can', () => {
  const { nodes } = widenParameters(graph, (value) => half(nameOf(value)));
  expect(nodes.slice(0, 2).map(({ op, inputs }) => [op.opType, nameOf(inputs[0]!)])).toEqual([
    ['Cast', 'first'],
    ['Cast', 'second'],
  ]);
});

it('parameters that are not narrow stay', () => {
  const widened = widenParameters(graph, (value) => (value === first ? half('first') : undefined));
  expect(widened.parameters.filter(({ dtype }) => dtype === 'float16').map(nameOf)).toEqual(['first']);
  expect(widened.nodes.filter(({ op }) => op.opType === 'Cast')).toHaveLength(1);
});
