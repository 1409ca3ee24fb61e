import { GraphError } from '../ir/error.js';
import type { Graph } from '../ir/trace.js';
import { formatType } from '../ir/type.js';
import { mixedPrecision } from '../pass/mixed-precision.js';
import { openGraph } from './run-graph.js';
import { graphsOf, type OpCase, staticShapes } from './test-op.js';

/**
 * Throws `GraphError` unless mixed precision keeps what an op's graph, and that of its gradients, take and yield, and ONNX
 * Runtime opens the float16 graph and both emulations. Graphs without a product must come back as they were. Returns how many
 * nodes became narrow.
 */
export async function checkMixedPrecision(test: OpCase, wrt: readonly string[]): Promise<number> {
  const { forward, backward } = graphsOf(test, wrt, 'float32', staticShapes(test));
  let count = 0;
  for (const graph of [forward, backward]) if (graph) count += await checkGraph(graph);
  return count;
}

async function checkGraph(graph: Graph): Promise<number> {
  let count = 0;
  for (const dtype of ['float16', 'bfloat16'] as const) {
    const mixed = mixedPrecision(graph, dtype);
    expectEqual('types', faceOf(mixed), faceOf(graph));
    const isNarrow = mixed.nodes.some(({ outputs }) => outputs.some((y) => y.dtype === dtype));
    if (!isNarrow) {
      expectEqual('nodes', String(mixed.nodes.length), String(graph.nodes.length));
      continue;
    }
    count += mixed.nodes.filter(({ outputs }) => outputs[0]!.dtype === dtype).length;
    const emulated = mixedPrecision(graph, dtype, { emulate: true });
    expectEqual('types', faceOf(emulated), faceOf(graph));
    for (const opened of dtype === 'float16' ? [mixed, emulated] : [emulated])
      await (await openGraph(opened)).close();
  }
  return count;
}

/** Names and types of everything that is fed or yielded. */
const faceOf = ({ inputs, outputs }: Graph): string =>
  [
    ...inputs.map(formatType),
    '->',
    ...Object.entries(outputs).map(([name, y]) => `${name} ${formatType(y)}`),
  ].join(' ');

function expectEqual(what: string, got: string, expected: string): void {
  if (got !== expected)
    throw new GraphError('mixedPrecision', `expected ${what} to be kept (${expected}), got ${got}`);
}
