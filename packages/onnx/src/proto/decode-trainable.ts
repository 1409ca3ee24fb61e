import { GraphError } from '../ir/error.js';
import { leavesOf, topologicalOrder } from '../ir/order.js';
import { graphOf } from '../ir/trace.js';
import { type DType, dtypeOfCode, isFloat } from '../ir/type.js';
import { type Node, parameter, type Value } from '../ir/value.js';
import { opKey, opTable } from '../ops/table.js';
import { finiteSoftmax } from '../pass/finite-softmax.js';
import { checkOpset, inputOf, readModelProto, typeOf } from './decode.js';
import { hasForm } from './decode-forms.js';
import { decodeNode } from './decode-node.js';
import { tensorConstant, tensorType } from './decode-tensor.js';
import type { GraphProto, ModelProto, NodeProto, TensorProto } from './generated/onnx-ml_pb.js';
import { initializerRoles } from './initializer-roles.js';

/** A node that keeps a file from being trained. */
export interface BlockedNode {
  /** The node's name in the file; its first output's where it has none. */
  readonly node: string;
  /** `MatMulInteger`, or with its domain `com.microsoft.MatMulNBits`. */
  readonly op: string;
  readonly reason: string;
}

/** A weight of a file. */
export interface DecodedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** The initializer that holds its first elements; several parameters may start from one, see `decodeTrainable`. */
  readonly initializer: string;
}

/** A file's graph over the values that stand for its inputs, as far as it can be trained. */
export interface TrainableDecoding {
  /** By the file's names; none where something blocks. */
  readonly outputs: Readonly<Record<string, Value>>;
  readonly parameters: readonly DecodedParameter[];
  /** float32 initializers of several elements that stay as they are: no gradient arrives, or they are frequencies of positions. */
  readonly frozen: readonly string[];
  /** Every node that has no rule, or no gradient on the way from a parameter to an output; empty for a file that trains. */
  readonly blocked: readonly BlockedNode[];
}

export interface TrainableOptions {
  /** What stands in the place of the file's inputs, by their names; those that are left out keep their declared types. */
  readonly inputs?: Readonly<Record<string, Value>>;
  /** Which outputs are wanted; all by default. Nodes that they do not need are not read. */
  readonly outputs?: readonly string[];
}

/**
 * Reads another writer's ONNX file for training: float32 initializers of more than one element become parameters under
 * their own names. Exporters write equal tensors once and give the others by Identity under the names that they had: those
 * become parameters of their own again, which start from the shared elements. Elements of parameters are not looked at, and may be
 * external; other initializers must be in the message.
 * @throws GraphError for a message without graph or of an unknown opset, and for inputs and outputs that do not exist; what single nodes
 * lack is returned, all of it at once.
 */
export function decodeTrainable(model: ModelProto, options: TrainableOptions = {}): TrainableDecoding {
  const { graph } = model;
  if (!graph) throw new GraphError('decode', 'expected a model with a graph, got none');
  checkOpset(model);
  const wanted = options.outputs ?? graph.output.map(({ name }) => name);
  for (const name of wanted)
    if (!graph.output.some((info) => info.name === name))
      throw new GraphError(
        'decode',
        `expected the output "${name}", got a graph of ${graph.output.map((info) => info.name).join(', ')}`,
      );
  const live = neededNodes(graph, wanted);
  const frozen = new Set<string>(initializerRoles(graph, live).frozen);
  for (;;) {
    const decoding = decodeOnce(graph, live, wanted, frozen, options.inputs ?? {});
    const idle = decoding.blocked.length > 0 ? [] : withoutGradient(decoding);
    if (idle.length === 0) return { ...decoding, frozen: [...frozen] };
    for (const { name } of idle) frozen.add(name);
  }
}

/** Whether a file can be trained, by the declared types of its inputs, and each node that keeps it from that. */
export function trainability(
  bytes: Uint8Array,
  options: TrainableOptions = {},
): { readonly trainable: boolean; readonly blocked: readonly BlockedNode[] } {
  const { blocked } = decodeTrainable(readModelProto(bytes), options);
  return { trainable: blocked.length === 0, blocked };
}

/** `MatMulInteger (12 nodes, first "/layer.0/MatMul"), …`: the ops that block, each with its reason where it has a rule. */
export function formatBlocked(blocked: readonly BlockedNode[]): string {
  const byOp = new Map<string, BlockedNode[]>();
  for (const one of blocked) {
    const same = byOp.get(one.op);
    if (same) same.push(one);
    else byOp.set(one.op, [one]);
  }
  return [...byOp]
    .map(([op, [first, ...more]]) => {
      const count =
        more.length === 0 ? `"${first!.node}"` : `${more.length + 1} nodes, first "${first!.node}"`;
      return `${op} (${count}${first!.reason === NO_RULE ? '' : `: ${first!.reason}`})`;
    })
    .join(', ');
}

const NO_RULE = 'no rule for this op';

function decodeOnce(
  graph: GraphProto,
  live: readonly NodeProto[],
  wanted: readonly string[],
  frozen: ReadonlySet<string>,
  given: Readonly<Record<string, Value>>,
): Omit<TrainableDecoding, 'frozen'> {
  const values = new Map<string, Value>();
  const names = new Map<Node, string>();
  const blocked: BlockedNode[] = [];
  const parameters: DecodedParameter[] = [];
  const roles = initializerRoles(graph, live);
  const addParameter = (name: string, tensor: TensorProto) => {
    const shape = tensorType(tensor).shape as readonly number[];
    parameters.push({ name, shape, initializer: tensor.name });
    values.set(name, parameter(name, shape));
  };
  for (const tensor of graph.initializer) {
    if (!roles.read.has(tensor.name)) continue;
    const dtype = halfPrecision(tensor);
    if (dtype)
      blocked.push({ node: tensor.name, op: `${dtype} initializer`, reason: 'weights in half precision' });
    const isParameter = roles.parameters.has(tensor.name) && !frozen.has(tensor.name);
    try {
      if (isParameter) addParameter(tensor.name, tensor);
      else values.set(tensor.name, tensorConstant(tensor));
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      blocked.push({ node: tensor.name, op: 'initializer', reason: error.problem });
    }
  }
  const inputs: Value[] = [];
  for (const info of graph.input) {
    if (values.has(info.name) || !roles.read.has(info.name)) continue;
    const ready = Object.hasOwn(given, info.name) ? given[info.name] : undefined;
    const value = ready ?? inputOf(info.name, typeOf(info));
    if (!ready) inputs.push(value);
    values.set(info.name, value);
  }
  const aliases = new Map(roles.aliases.map(({ node, initializer }) => [node, initializer]));
  for (const node of live) {
    const tensor = aliases.get(node);
    const name = node.output[0] ?? '';
    if (tensor && !frozen.has(name) && values.has(tensor.name)) {
      addParameter(name, tensor);
      continue;
    }
    const op = opKey(node.domain, node.opType).replace(/^:/, '').replace(':', '.');
    const where = node.name || name;
    if (!opTable.has(opKey(node.domain, node.opType)) && !hasForm(node)) {
      blocked.push({ node: where, op, reason: NO_RULE });
      continue;
    }
    // What a blocked node would have given is missing; that is one fault, not one per node behind it.
    if (node.input.some((operand) => operand !== '' && !values.has(operand))) continue;
    try {
      decodeNode(node, values);
      for (const output of node.output) {
        const source = values.get(output)?.source;
        if (source?.kind === 'node') names.set(source, where);
      }
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      blocked.push({ node: where, op, reason: error.problem });
    }
  }
  if (blocked.length > 0) return { outputs: {}, parameters, blocked };
  const missing = wanted.filter((name) => !values.has(name));
  if (missing.length > 0)
    throw new GraphError('decode', `expected nodes that write ${missing.join(', ')}, got none`);
  const traced = Object.fromEntries(wanted.map((name) => [name, values.get(name)!]));
  if (parameters.length === 0)
    blocked.push({
      node: graph.name,
      op: 'graph',
      reason: 'expected float32 initializers to train, got none',
    });
  const guarded = finiteSoftmax(graphOf([...inputs, ...inputsBehind(Object.values(given))], traced));
  return {
    outputs: guarded.outputs,
    parameters,
    blocked: [...blocked, ...notDifferentiable(guarded.nodes, names)],
  };
}

/** Weights that would have to be widened, trained and narrowed again. */
function halfPrecision({ dataType, dims }: TensorProto): DType | undefined {
  const dtype = dtypeOfCode(dataType);
  const isTensor = dims.reduce((count, dim) => count * dim, 1n) > 1n;
  return isTensor && (dtype === 'float16' || dtype === 'bfloat16') ? dtype : undefined;
}

const inputsBehind = (values: readonly Value[]): Value[] =>
  leavesOf(values).filter(({ source }) => source.kind === 'input');

/** The nodes that the outputs need, in file order. */
function neededNodes(graph: GraphProto, outputs: readonly string[]): NodeProto[] {
  const makers = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)));
  const needed = new Set<NodeProto>();
  const open = [...outputs];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = makers.get(name);
    if (!node || needed.has(node)) continue;
    needed.add(node);
    open.push(...node.input.filter((operand) => operand !== ''));
  }
  return graph.node.filter((node) => needed.has(node));
}

/** Nodes without a gradient between a parameter and an output, where floats go in and come out. */
function notDifferentiable(nodes: readonly Node[], names: ReadonlyMap<Node, string>): BlockedNode[] {
  const fed = new Set<Node>();
  const blocked: BlockedNode[] = [];
  for (const node of nodes) {
    const floats = node.inputs.filter((input): input is Value => input !== null && isFloat(input.dtype));
    const reached = floats.some(
      ({ source }) => source.kind === 'parameter' || (source.kind === 'node' && fed.has(source)),
    );
    if (!reached || !node.outputs.some(({ dtype }) => isFloat(dtype))) continue;
    fed.add(node);
    if (node.op.gradient === 'none')
      blocked.push({
        node: names.get(node) ?? node.scope,
        op: node.op.opType,
        reason: 'no gradient for this op',
      });
  }
  return blocked;
}

/** Parameters that no gradient reaches: outputs depend on them through comparisons, casts to integers or indices only. */
function withoutGradient({ outputs, parameters }: Omit<TrainableDecoding, 'frozen'>): DecodedParameter[] {
  const reached = new Set<Value>();
  const names = new Set<string>();
  const mark = (value: Value | null): void => {
    if (!value || !isFloat(value.dtype)) return;
    reached.add(value);
    if (value.source.kind === 'parameter') names.add(value.source.name);
  };
  for (const output of Object.values(outputs)) mark(output);
  for (const node of topologicalOrder(Object.values(outputs)).toReversed())
    if (node.op.gradient !== 'none' && node.outputs.some((output) => reached.has(output)))
      for (const input of node.inputs) mark(input);
  return parameters.filter(({ name }) => !names.has(name));
}
