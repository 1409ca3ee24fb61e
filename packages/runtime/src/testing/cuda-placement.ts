import { readFileSync } from 'node:fs';
import {
  constantNumbers,
  type DType,
  formatType,
  type Graph,
  isFloat,
  type Node,
  sizeOf,
  type Value,
} from '@rag/onnx';

/** One kernel registration of an op, or several that share a line of ONNX Runtime's table. */
export interface Kernel {
  /** First and last opset of the schemas that it implements; null: up to the newest. */
  readonly opset: readonly [from: number, to: number | null];
  /** Constraints of the operands in order, by name or element type; one form per spelling of the schema. A single one stands for any number. */
  readonly forms: readonly { readonly in: readonly string[]; readonly out: readonly string[] }[];
  /** Element types by constraint. */
  readonly types: Readonly<Record<string, readonly string[]>>;
}

/** A provider's kernels by `domain:opType`, and where that is written. */
export interface KernelTable {
  readonly source: string;
  readonly kernels: Readonly<Record<string, readonly Kernel[]>>;
}

/** A node that does not run on the device. */
export interface HostNode {
  /** Its scope in the model and its op. */
  readonly node: string;
  /** Its operands and results. */
  readonly types: string;
  readonly reason: 'no kernel' | 'preferred on the host';
  /** Preferred on the host by design: integers that follow from shapes. */
  readonly shapeArithmetic: boolean;
}

/**
 * The CUDA provider's kernels: from ONNX Runtime 1.25's documentation; 1.30's, the version that we run, could not be had whole. Upstream removes no
 * kernels between minor versions, so what is listed is there; what is missing may have come since.
 */
export const cudaKernels = (): KernelTable =>
  JSON.parse(readFileSync(new URL('fixtures/cuda-kernels.json', import.meta.url), 'utf8'));

/**
 * Operands that CUDA's kernels read, and results that they write, in host memory: the `InputMemoryType` and
 * `OutputMemoryType` of their registrations (onnxruntime/core/providers/cuda, the table's commit). What is not listed lies on the device.
 */
const hostOperands: Readonly<
  Record<string, { readonly in?: readonly number[]; readonly out?: readonly number[] }>
> = {
  ':ConstantOfShape': { in: [0] },
  ':CumSum': { in: [1] },
  ':Expand': { in: [1] },
  ':OneHot': { in: [1, 2] },
  ':Pad': { in: [1, 2, 3] },
  ':Range': { in: [0, 1, 2] },
  ':ReduceMax': { in: [1] },
  ':ReduceMean': { in: [1] },
  ':ReduceProd': { in: [1] },
  ':ReduceSum': { in: [1] },
  ':Reshape': { in: [1] },
  ':Shape': { out: [0] },
  ':Slice': { in: [1, 2, 3, 4] },
  ':Split': { in: [1] },
  ':Squeeze': { in: [1] },
  ':Tile': { in: [1] },
  ':TopK': { in: [1] },
  ':Trilu': { in: [1] },
  ':Unsqueeze': { in: [1] },
};

/** Element types that ONNX Runtime never moves to the host for shapes' sake. */
const deviceOnly: readonly DType[] = ['float16', 'bfloat16'];
/** Elements up to which an initializer counts as small (`kSmallInitializerThreshold`). */
const SMALL = 100;

export interface PlacementOptions {
  /** The ai.onnx opset that the graph is written in. @default 17 */
  readonly opset?: number;
  /** Whether weights are fed with each run, as in training, or are initializers, as in serving. */
  readonly weights: 'inputs' | 'initializers';
}

/**
 * The nodes of a graph that ONNX Runtime's CUDA provider would leave to the CPU: those without a kernel of their opset and types, and those that its
 * `GetCpuPreferredNodes` (onnxruntime/core/framework/fallback_cpu_capability.cc) moves there, which are the nodes that read host memory and
 * nothing else — graph inputs, initializers of up to 100 elements and other such nodes' results count as that — unless their kernel reads it there anyway.
 */
export function hostNodes(graph: Graph, { kernels }: KernelTable, options: PlacementOptions): HostNode[] {
  const { opset = 17, weights } = options;
  const onHost = new Set<Value>();
  const candidates = new Set<Node>();
  const uses = usersOf(graph);
  const toHost = (value: Value): void => {
    onHost.add(value);
    for (const user of uses.get(value) ?? []) candidates.add(user);
  };
  const found: HostNode[] = [];
  // Nodes come after their operands, so one pass sees every candidate after what made it one.
  for (const node of graph.nodes) {
    const key = `${node.op.domain}:${node.op.opType}`;
    const { in: hostInputs = [], out: hostOutputs = [] } = hostOperands[key] ?? {};
    const covered = (kernels[key] ?? []).some((kernel) =>
      fits(kernel, node, node.op.domain === '' ? opset : 1),
    );
    const preferred = (): boolean =>
      candidates.has(node) &&
      node.inputs.every(
        (value, i) =>
          value === null ||
          (!deviceOnly.includes(value.dtype) &&
            (isFree(value, weights) || (onHost.has(value) && !hostInputs.includes(i)))),
      );
    if (covered && !preferred()) {
      for (const i of hostOutputs) if (node.outputs[i]) toHost(node.outputs[i]);
      continue;
    }
    found.push(
      described(node, covered ? 'preferred on the host' : 'no kernel', covered && isShapeArithmetic(node)),
    );
    for (const value of node.outputs) toHost(value);
  }
  return found;
}

/**
 * Whether a node that is preferred on the host is arithmetic on shapes: it reads integers, truth values and constants, and neither reads nor yields
 * more than 100 elements of a size known beforehand.
 */
const isShapeArithmetic = ({ inputs, outputs }: Node): boolean =>
  [...inputs, ...outputs].every((value) => value === null || isSmall(value)) &&
  inputs.every((value) => value === null || value.source.kind === 'constant' || !isFloat(value.dtype));

/** Graph inputs and small initializers. */
function isFree(value: Value, weights: PlacementOptions['weights']): boolean {
  const { kind } = value.source;
  if (kind === 'input' || (kind === 'parameter' && weights === 'inputs')) return true;
  return kind !== 'node' && isSmall(value);
}

function isSmall({ shape }: Value): boolean {
  const elements = sizeOf(shape);
  return typeof elements === 'number' && elements <= SMALL;
}

function usersOf({ nodes }: Graph): ReadonlyMap<Value, readonly Node[]> {
  const uses = new Map<Value, Node[]>();
  for (const node of nodes)
    for (const value of node.inputs) {
      if (!value) continue;
      if (!uses.has(value)) uses.set(value, []);
      uses.get(value)!.push(node);
    }
  return uses;
}

function fits(
  { opset: [from, to], forms, types }: Kernel,
  { inputs, outputs }: Node,
  opset: number,
): boolean {
  if (opset < from || (to !== null && opset > to)) return false;
  const side = (constraints: readonly string[], values: readonly (Value | null)[]): boolean =>
    (values.length <= constraints.length || constraints.length === 1) &&
    values.every((value, i) => {
      if (value === null) return true;
      const constraint = constraints[Math.min(i, constraints.length - 1)]!;
      return constraint === value.dtype || (types[constraint]?.includes(value.dtype) ?? false);
    });
  return forms.some((form) => side(form.in, inputs) && side(form.out, outputs));
}

const described = (
  { scope, op, inputs, outputs }: Node,
  reason: HostNode['reason'],
  shapeArithmetic: boolean,
): HostNode => ({
  node: [scope, op.domain, op.opType].filter(Boolean).join('/'),
  types: `${inputs.map((value) => (value ? valueText(value) : '_')).join(', ')} -> ${outputs.map(formatType).join(', ')}`,
  reason,
  shapeArithmetic,
});

const valueText = (value: Value): string => {
  const { kind } = value.source;
  const numbers = value.shape.length < 2 ? constantNumbers(value) : undefined;
  if (numbers && numbers.length <= 4) return `${value.dtype}[${numbers}]`;
  return `${kind === 'node' ? '' : `${kind} `}${formatType(value)}`;
};
