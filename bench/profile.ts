/**
 * Where the time of a training step goes: ONNX Runtime's own profile of the lowered training graph, by kind of node.
 *
 * Usage: npx tsx --conditions=@rag/source profile.ts B,L,H,A,F,LAYERS [--dropout P] [--threads N] [--runs N] [--top N] [--list KIND]
 * Prints a table: share of kernel time, milliseconds, nodes, and megabytes that the kernels read and write, all per
 * step; with `--list`, the nodes of one kind with their shapes too. What lies between kernels is left out.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { artifactsOf, createSession, decodeCheckpoint } from '@rag/runtime';
import { lowerTraining } from '../packages/runtime/src/training/lower.js';
import { encoderBatches, encoderConfig, encoderPlan, parseStepShape } from './encoder-plan.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dropout: { type: 'string', default: '0' },
    threads: { type: 'string', default: '2' },
    runs: { type: 'string', default: '5' },
    top: { type: 'string', default: '10' },
    list: { type: 'string' },
  },
});
const shape = parseStepShape(positionals[0] ?? '2,128,768,12,3072,1');
const runs = Number(values.runs);
const plan = encoderPlan(encoderConfig(shape, Number(values.dropout)));
const model = lowerTraining(plan.segments[0]!.trainingModel!, 'overwrite', 'cpu');

/** The part of onnxruntime-node that profiling needs and our sessions do not offer. */
interface Profiled {
  run(feeds: Record<string, unknown>): Promise<unknown>;
  endProfiling(): void;
  release(): Promise<void>;
}
interface Binding {
  readonly Tensor: new (dtype: string, data: unknown, shape: readonly number[]) => unknown;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Profiled> };
}
const resolve = createRequire(import.meta.resolve('@rag/runtime'));
const ort = resolve('onnxruntime-node') as Binding;
const opened = await createSession(model, { provider: 'cpu', graphOptimizationLevel: 'disabled' });
const inputs = opened.inputs;
opened.dispose();

const folder = mkdtempSync(join(tmpdir(), 'bench-profile-'));
try {
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: Number(values.threads),
    enableMemPattern: false,
    enableProfiling: true,
    profileFilePrefix: join(folder, 'step'),
    extra: { 'session.disable_prepacking': '1' },
  });
  const weights = decodeCheckpoint(artifactsOf(plan).checkpoint).trainable.map(
    ({ name, shape, data }) => [name, new ort.Tensor('float32', data, shape)] as const,
  );
  const batch = Object.entries(encoderBatches(shape, inputs)(0)).map(
    ([name, { dtype, shape, data }]) => [name, new ort.Tensor(dtype, data, shape)] as const,
  );
  const scale = ['loss_scale', new ort.Tensor('float32', Float32Array.of(1), [])] as const;
  for (let run = 0; run < runs; run++) await session.run(Object.fromEntries([...weights, ...batch, scale]));
  session.endProfiling();
  await session.release();
  const [file] = readdirSync(folder);
  report(JSON.parse(readFileSync(join(folder, file!), 'utf8')) as Event[]);
} finally {
  rmSync(folder, { recursive: true });
}

/** One entry of ONNX Runtime's profile; of kernels, `args` holds op, types and sizes. */
interface Event {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Record<string, readonly number[]>[];
    readonly output_type_shape?: readonly Record<string, readonly number[]>[];
  };
}

function bytesOf(tensors: readonly Record<string, readonly number[]>[] | undefined): number {
  const width: Readonly<Record<string, number>> = { bool: 1, int32: 4, float: 4, int64: 8, double: 8 };
  return (tensors ?? [])
    .flatMap((tensor) => Object.entries(tensor))
    .reduce((sum, [dtype, sizes]) => sum + width[dtype]! * sizes.reduce((a, b) => a * b, 1), 0);
}

/** A node's least time over the runs (what other processes do to a run only adds), and what it reads and writes. */
interface NodeTime {
  readonly kind: string;
  readonly us: number;
  readonly bytes: number;
  readonly shapes: string;
}

function nodeTimes(events: readonly Event[]): Map<string, NodeTime> {
  const nodes = new Map<string, NodeTime>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
    const { op_name: kind, input_type_shape: read, output_type_shape: written } = args;
    const node = name.replace(/_kernel_time$/, '');
    nodes.set(node, {
      kind: kind!,
      us: Math.min(dur, nodes.get(node)?.us ?? Number.POSITIVE_INFINITY),
      bytes: bytesOf(read) + bytesOf(written),
      shapes: `${JSON.stringify(read)} -> ${JSON.stringify(written)}`,
    });
  }
  return nodes;
}

function report(events: readonly Event[]): void {
  const nodes = nodeTimes(events);
  const kinds = new Map<string, NodeTime[]>();
  for (const node of nodes.values()) kinds.set(node.kind, [...(kinds.get(node.kind) ?? []), node]);
  const sum = (list: readonly NodeTime[], key: 'us' | 'bytes') =>
    list.reduce((total, node) => total + node[key], 0);
  const all = [...nodes.values()];
  const row = (...cells: string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(22) : cell.padStart(10))).join('');
  const line = (name: string, list: readonly NodeTime[]) =>
    row(
      name,
      `${((100 * sum(list, 'us')) / sum(all, 'us')).toFixed(1)} %`,
      (sum(list, 'us') / 1000).toFixed(2),
      String(list.length),
      (sum(list, 'bytes') / 1e6).toFixed(1),
    );
  const sorted = [...kinds].toSorted(([, a], [, b]) => sum(b, 'us') - sum(a, 'us'));
  console.log(row('kind', 'share', 'ms', 'nodes', 'MB'));
  for (const [name, list] of sorted.slice(0, Number(values.top))) console.log(line(name, list));
  console.log(line('all', all));
  for (const [name, { kind, us, shapes }] of [...nodes].toSorted(([, a], [, b]) => b.us - a.us))
    if (kind === values.list) console.log(`${(us / 1000).toFixed(3)} ms  ${name}  ${shapes}`);
}
