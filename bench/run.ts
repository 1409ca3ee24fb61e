/**
 * Runs the benchmarks beside PyTorch and writes their section of RESULTS.md.
 *
 * Usage: npx tsx --conditions=@rag/source run.ts [--python PYTHON] [--data DATA.jsonl --tokenizer DIRECTORY] [--quick]
 *   [--rounds N] [--runs N] [--threads N] [--dropouts 0,0.1] [--orders sorted,random] [--epoch-dropouts 0.1]
 *   [--batches N] [--max-cells N] [--results FILE.md]
 * PYTHON has torch; without it only ours is measured and the section says "peer absent". DATA holds rows {query, pos, neg}
 * for the epoch over real lengths, TOKENIZER is a directory with a BERT tokenizer; without them that part is left out.
 * An empty list leaves its part out (`--dropouts ''`). `--batches N` measures N batches at equal distances instead of the
 * epoch. `--quick` runs tiny shapes, to see that all of it works, and prints the section unless `--results` names a file.
 * Everything that runs is told on stderr.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { torchVersion } from './child.js';
import { compareEpochs, type EpochComparison } from './compare-epochs.js';
import { compareSteps, type StepComparison } from './compare-steps.js';
import { resultsSection, withSection } from './results-section.js';
import type { Order } from './token-batches.js';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    data: { type: 'string' },
    tokenizer: { type: 'string' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    runs: { type: 'string' },
    threads: { type: 'string', default: '2' },
    dropouts: { type: 'string', default: '0,0.1' },
    orders: { type: 'string', default: 'sorted,random' },
    'epoch-dropouts': { type: 'string', default: '0.1' },
    batches: { type: 'string' },
    'max-cells': { type: 'string' },
    results: { type: 'string' },
  },
});
const { python, data, tokenizer, quick } = values;
if ((data === undefined) !== (tokenizer === undefined))
  throw new RangeError('run: expected --data and --tokenizer together, got one of them');
const whole = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new RangeError(`--${name}: expected a whole number from 1, got "${text}"`);
  return number;
};
const numbers = (name: string, text: string): number[] =>
  (text === '' ? [] : text.split(',')).map((part) => {
    const number = Number(part);
    if (part.trim() === '' || !(number >= 0 && number < 1))
      throw new RangeError(`--${name}: expected probabilities in [0, 1) with commas between, got "${text}"`);
    return number;
  });
const orders = values.orders.split(',').map((order): Order => {
  if (order !== 'sorted' && order !== 'random')
    throw new RangeError(`--orders: expected sorted or random, got "${order}"`);
  return order;
});
// The shapes that the first prototype was measured on, before this code existed.
const shapes = quick
  ? ['2,16,32,2,64,1', '1,24,32,2,64,1', '4,8,32,2,64,1']
  : ['8,128,768,12,3072,4', '4,512,768,12,3072,4', '32,64,384,12,1536,6'];
const threads = whole('threads', values.threads)!;
const rounds = whole('rounds', values.rounds) ?? (quick ? 1 : 3);
const runs = whole('runs', values.runs) ?? (quick ? 1 : 7);
const batches = whole('batches', values.batches) ?? (quick ? 2 : undefined);
const maxCells = whole('max-cells', values['max-cells']);
const load = loadavg()[0]!.toFixed(1);
const torch = python === undefined ? 'peer absent' : await torchVersion(python);

const about = [
  ['Date', new Date().toISOString().slice(0, 10)],
  [
    'Machine',
    `${cpus().length} × ${cpus()[0]!.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${arch()}`,
  ],
  ['Versions', `Node ${process.versions.node}, onnxruntime-node ${onnxRuntimeVersion()}, torch ${torch}`],
  [
    'Runs',
    `${threads} threads, rounds: ${rounds}, steps in each: ${runs}, load average ${load} at the start`,
  ],
] as const;
const file = values.results ?? (quick ? undefined : join(import.meta.dirname, 'RESULTS.md'));
const steps: StepComparison[] = [];
const epochs: EpochComparison[] = [];
/** Written after each comparison: an hour's numbers survive what stops the rest. */
const write = (): void => {
  if (file === undefined) return;
  const section = resultsSection({ about, command: repeat(), steps, epochs });
  writeFileSync(file, withSection(existsSync(file) ? readFileSync(file, 'utf8') : '# Results\n', section));
};
const common = { python, threads };
const dropouts = numbers('dropouts', values.dropouts);
for await (const step of compareSteps({ ...common, shapes, dropouts, rounds, runs })) {
  steps.push(step);
  write();
}
if (data !== undefined && tokenizer !== undefined) {
  const compared = compareEpochs({
    ...common,
    data,
    tokenizer,
    orders,
    dropouts: numbers('epoch-dropouts', values['epoch-dropouts']),
    shape: quick ? '32,2,64,1' : '768,12,3072,4',
    batches,
    maxCells,
  });
  for await (const epoch of compared) {
    epochs.push(epoch);
    write();
  }
}
if (file === undefined) console.log(resultsSection({ about, command: repeat(), steps, epochs }));

/** The version of the library that @rag/runtime loads. */
function onnxRuntimeVersion(): string {
  const require = createRequire(import.meta.resolve('@rag/runtime'));
  return (require('onnxruntime-node/package.json') as { version: string }).version;
}

/** This command with its paths left open: they belong to one machine. */
function repeat(): string {
  const open: Readonly<Record<string, string>> = {
    python: '<python with torch>',
    data: '<t2rank.jsonl>',
    tokenizer: '<directory>',
    results: '<file>',
  };
  const given = process.argv.slice(2).map((arg, i, all) => {
    const [flag, value] = arg.startsWith('--') ? arg.split('=') : [];
    if (flag !== undefined && value !== undefined && open[flag.slice(2)])
      return `${flag}=${open[flag.slice(2)]}`;
    return open[all[i - 1]?.slice(2) ?? ''] ?? arg;
  });
  return ['npx tsx --conditions=@rag/source run.ts', ...given].join(' ');
}
