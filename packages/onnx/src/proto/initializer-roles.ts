import { dtypeOfCode } from '../ir/type.js';
import type { GraphProto, NodeProto, TensorProto } from './generated/onnx-ml_pb.js';

/** What the initializers of a file are to training. */
export interface InitializerRoles {
  /** Every name that the nodes read. */
  readonly read: ReadonlySet<string>;
  /** float32 initializers of more than one element, and smaller ones that are a bias: weights, as far as the file tells. */
  readonly parameters: ReadonlySet<string>;
  /** Identity nodes that give a weight under a second name. */
  readonly aliases: readonly { readonly node: NodeProto; readonly initializer: TensorProto }[];
  /** Those of `parameters`, and aliases, that are no weights: frequencies and tables of rotary positions. */
  readonly frozen: readonly string[];
}

/** Names that transformers gives to tables which are computed, not learned. */
const computed = /(^|[./])(inv_freq|original_inv_freq|cos_cached|sin_cached)$/;

/** torch's names of what a layer learns: such a tensor is a weight even of one element, like the bias of one logit. */
const learned = /\.(weight|bias)$/;

/** Sorts the initializers that `nodes` read. */
export function initializerRoles(graph: GraphProto, nodes: readonly NodeProto[]): InitializerRoles {
  const read = new Set(nodes.flatMap(({ input }) => input).filter(Boolean));
  for (const { name } of graph.output) read.add(name);
  const biases = new Set(
    nodes.flatMap(({ opType, input }) => (opType === 'Gemm' && input[2] ? [input[2]] : [])),
  );
  const isWeight = ({ name, dataType, dims }: TensorProto): boolean =>
    dtypeOfCode(dataType) === 'float32' &&
    (dims.reduce((count, dim) => count * dim, 1n) > 1n || biases.has(name) || learned.test(name));
  const weights = graph.initializer.filter((tensor) => read.has(tensor.name) && isWeight(tensor));
  const byName = new Map(weights.map((tensor) => [tensor.name, tensor]));
  const aliases = nodes.flatMap((node) => {
    const initializer = byName.get(node.input[0] ?? '');
    return initializer && node.opType === 'Identity' && node.domain === '' && node.output.length === 1
      ? [{ node, initializer }]
      : [];
  });
  const names = [...byName.keys(), ...aliases.map(({ node }) => node.output[0]!)];
  const frequencies = readBySinesOnly(graph, nodes);
  return {
    read,
    parameters: new Set(byName.keys()),
    aliases,
    frozen: names.filter((name) => computed.test(name) || frequencies.has(name)),
  };
}

/** Names whose every way to the outputs leads through Sin or Cos: the frequencies of positions. */
function readBySinesOnly(graph: GraphProto, nodes: readonly NodeProto[]): ReadonlySet<string> {
  const otherwise = new Set<string>(graph.output.map(({ name }) => name));
  for (const node of nodes.toReversed())
    if (node.opType !== 'Sin' && node.opType !== 'Cos' && node.output.some((name) => otherwise.has(name)))
      for (const operand of node.input) otherwise.add(operand);
  const read = nodes.flatMap(({ input }) => input);
  return new Set(read.filter((name) => !otherwise.has(name)));
}
