/**
 * Reads ONNX Runtime's docs/OperatorKernels.md and prints the CUDA provider's kernels of the ops that our graphs can hold, as
 * packages/runtime/src/testing/fixtures/cuda-kernels.json has them.
 *
 *     npx tsx --conditions=@rag/source scripts/cuda-kernels.ts <OperatorKernels.md> <what file it is> > cuda-kernels.json
 */
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { opTable } from '../packages/onnx/src/ops/table.js';
import type { Kernel, KernelTable } from '../packages/runtime/src/testing/cuda-placement.js';

/** Ops of narrow exports, which no training graph has. */
const EXPORTED_OPS = [':DynamicQuantizeLinear', ':MatMulInteger', 'com.microsoft:MatMulNBits'];

/** `tensor(…)` of the document → the element type of our graphs; types that those have not are left out. */
const dtypes: Readonly<Record<string, string>> = {
  float: 'float32',
  double: 'float64',
  float16: 'float16',
  bfloat16: 'bfloat16',
  int64: 'int64',
  int32: 'int32',
  int16: 'int16',
  int8: 'int8',
  uint64: 'uint64',
  uint32: 'uint32',
  uint16: 'uint16',
  uint8: 'uint8',
  bool: 'bool',
};

const isRow = (line: string): boolean => line.startsWith('|') && !line.startsWith('|---');

/**
 * The kernels of one provider by `domain:opType`, the empty domain for ai.onnx; of those at `opset` and later, for the named ops.
 * @throws RangeError for a document without that provider, and for a row that it cannot read
 */
export function readKernels(
  markdown: string,
  provider: string,
  ops: ReadonlySet<string>,
  opset: number,
): Record<string, Kernel[]> {
  const start = markdown.indexOf(`## Operators implemented by ${provider}`);
  if (start < 0)
    throw new RangeError(`expected a section of ${provider}, got none — give OperatorKernels.md`);
  const end = markdown.indexOf('\n## ', start + 1);
  const kernels: Record<string, Kernel[]> = {};
  let [domain, op, parameters] = ['', '', ''];
  for (const line of markdown.slice(start, end < 0 ? undefined : end).split('\n')) {
    if (!isRow(line)) continue;
    const heading = /^\|\*\*Operator Domain:\*\* \*([^*]+)\*/.exec(line);
    if (heading) domain = heading[1] === 'ai.onnx' ? '' : heading[1]!;
    const cells = line.split('|').slice(1, -1);
    if (heading || cells[0] === ' Op Name ' || cells.every((cell) => cell.trim() === '')) continue;
    if (cells.length !== 4) throw new RangeError(`expected a row of 4 cells, got ${JSON.stringify(line)}`);
    // Rows of older opsets leave out the name and the parameters.
    if (cells[0] !== '') [op, parameters] = [cells[0]!, cells[1]!];
    const key = `${domain}:${op}`;
    const [from, to] = rangeOf(cells[2]!);
    // Operators of other domains count versions of their own, and ours are all their first.
    const wanted = domain === '' ? opset : 1;
    if (!ops.has(key) || (to !== null && to < wanted)) continue;
    kernels[key] ??= [];
    kernels[key].push({ opset: [from, to], forms: formsOf(parameters), types: typesOf(cells[3]!) });
  }
  return kernels;
}

/** `14+`, `13` or `[7, 12]`. */
function rangeOf(cell: string): [number, number | null] {
  const found = /^(?:(\d+)(\+?)|\[(\d+), (\d+)\])$/.exec(cell);
  if (!found) throw new RangeError(`expected opsets, got ${JSON.stringify(cell)}`);
  if (found[3]) return [Number(found[3]), Number(found[4])];
  const only = Number(found[1]);
  return [only, found[2] ? null : only];
}

/** `*in* A:**T**<br> *out* C:**T**`, where schemas of several opsets differ one after the other. */
const formsOf = (cell: string): Kernel['forms'] =>
  cell.split('<br><br>or<br><br>').map((form) => {
    const sides = { in: [] as string[], out: [] as string[] };
    for (const [, side, constraint] of form.matchAll(/\*(in|out)\* [^:]+:\*\*([^*]+)\*\*/g))
      sides[side as 'in' | 'out'].push(plainType(constraint!));
    return sides;
  });

/** `tensor(int64)` as a constraint of its own is that element type. */
const plainType = (constraint: string): string => {
  const type = /^tensor\((\w+)\)$/.exec(constraint)?.[1];
  return type === undefined ? constraint : (dtypes[type] ?? type);
};

/** `**T** = tensor(double), tensor(float)<br/> **U** = tensor(float)`. */
const typesOf = (cell: string): Record<string, string[]> =>
  Object.fromEntries(
    cell
      .split('<br/>')
      .filter((part) => part.trim() !== '')
      .map((part) => {
        const found = /^\s*\*\*([^*]+)\*\* = (.+)$/.exec(part);
        if (!found) throw new RangeError(`expected types, got ${JSON.stringify(part)}`);
        const listed = [...found[2]!.matchAll(/(?<!\()tensor\((\w+)\)/g)].map(([, type]) => dtypes[type!]);
        return [found[1]!, listed.filter((type) => type !== undefined)];
      }),
  );

/** One kernel a line. */
function format({ source, kernels }: Pick<KernelTable, 'source' | 'kernels'>): string {
  const entries = Object.entries(kernels).map(
    ([op, list]) =>
      `    ${JSON.stringify(op)}: [\n${list.map((kernel) => `      ${JSON.stringify(kernel)}`).join(',\n')}\n    ]`,
  );
  return `{\n  "source": ${JSON.stringify(source)},\n  "kernels": {\n${entries.join(',\n')}\n  }\n}\n`;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const [path, source] = argv.slice(2);
  if (!path || !source) throw new Error('usage: cuda-kernels.ts <OperatorKernels.md> <what file it is>');
  const ops = new Set([...opTable.keys(), ...EXPORTED_OPS]);
  const kernels = readKernels(readFileSync(path, 'utf8'), 'CUDAExecutionProvider', ops, 17);
  process.stdout.write(format({ source, kernels }));
}
