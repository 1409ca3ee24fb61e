/**
 * Runs the benchmarks and writes the section of each part in RESULTS.md; the sections of other parts stay as they are.
 *
 * Usage: npx tsx --conditions=@rag/source run.ts [--parts steps,providers,epochs,embedding,grad-cache,max-sim,inference,tokenizers,decoders]
 *   [--python PYTHON]
 *   [--data DATA.jsonl --tokenizer DIRECTORY] [--quick] [--rounds N] [--runs N] [--threads N] [--dropouts 0,0.1]
 *   [--orders sorted,random] [--epoch-dropouts 0.1] [--batches N] [--max-cells N] [--batch-size N] [--neg-nums N]
 *   [--chunk-tokens N] [--seconds N] [--rows N] [--tokenizers FOLDER --texts FILE.jsonl] [--decoder-tokenizer DIRECTORY] [--results FILE.md]
 * PYTHON has torch; without it only ours is measured and the sections say "peer absent". DATA holds rows {query, pos, neg}
 * for the parts over real lengths (epochs, embedding, inference), TOKENIZER is a directory with a BERT tokenizer; without them those
 * are left out, and an error where `--parts` names them. FOLDER holds directories with a tokenizer.json each, and the Chinese texts
 * are all strings of `--texts`: without them tokenizers is left out in the same way. DIRECTORY of `--decoder-tokenizer` holds a decoder's
 * tokenizer, with which decoders counts the tokens of DATA; without it, or without DATA, it measures full rows only. `--rounds`, `--runs` and `--dropouts` are those of steps, `--runs` of
 * max-sim too; `--orders`, `--epoch-dropouts` and `--max-cells` those of epochs; `--batch-size` (queries), `--neg-nums` and
 * `--chunk-tokens` (GradCache) those of embedding; `--rows` and `--rounds` those of inference, `--rounds` that of decoders too; `--seconds` the longest that providers may
 * take over a shape, whose `--runs` they are too. `--batches N` measures N batches at equal distances instead of the epoch.
 * `--quick` runs tiny shapes, to see that all of it works, and prints the sections unless `--results` names a file.
 * Everything that runs is told on stderr.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { torchVersion } from './child.js';
import { compareDecoder } from './compare-decoder.js';
import { compareEmbedding } from './compare-embedding.js';
import { compareEpochs } from './compare-epochs.js';
import { compareGradCache } from './compare-grad-cache.js';
import { compareInference } from './compare-inference.js';
import { compareMaxSim } from './compare-max-sim.js';
import { compareProviders } from './compare-providers.js';
import { compareSteps } from './compare-steps.js';
import { compareTokenizers } from './compare-tokenizers.js';
import { qwen05b } from './decoder-plan.js';
import { decoderSection } from './decoder-section.js';
import { embeddingSection } from './embedding-section.js';
import { epochsSection } from './epochs-section.js';
import { gradCacheSection } from './grad-cache-section.js';
import { inferenceSection } from './inference-section.js';
import { maxSimSection } from './max-sim-section.js';
import { providersSection } from './providers-section.js';
import { type PartName, partNames, resultsSection, withSection } from './results-section.js';
import { isSoftware } from './software-vulkan.js';
import { stepsSection } from './steps-section.js';
import type { Order } from './token-batches.js';
import { tokenizersSection } from './tokenizers-section.js';

const { values } = parseArgs({
  options: {
    parts: { type: 'string' },
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
    'batch-size': { type: 'string', default: '4' },
    'neg-nums': { type: 'string', default: '5' },
    'chunk-tokens': { type: 'string', default: '4096' },
    tokenizers: { type: 'string' },
    texts: { type: 'string' },
    'decoder-tokenizer': { type: 'string' },
    seconds: { type: 'string', default: '600' },
    rows: { type: 'string' },
    results: { type: 'string' },
  },
});
const { python, data, tokenizer, tokenizers, texts, quick } = values;
if ((data === undefined) !== (tokenizer === undefined) && values['decoder-tokenizer'] === undefined)
  throw new RangeError('run: expected --data and --tokenizer together, got one of them');
if (values['decoder-tokenizer'] !== undefined && data === undefined)
  throw new RangeError('--decoder-tokenizer: expected --data besides, got none');
if ((tokenizers === undefined) !== (texts === undefined))
  throw new RangeError('run: expected --tokenizers and --texts together, got one of them');
const whole = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new RangeError(`--${name}: expected a whole number from 1, got "${text}"`);
  return number;
};
const numbers = (name: string, text: string): number[] =>
  text.split(',').map((part) => {
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
/** The flags that a part needs and was not given. */
const missing = (part: PartName): string | undefined => {
  if ((data === undefined || tokenizer === undefined) && ['epochs', 'embedding', 'inference'].includes(part))
    return '--data and --tokenizer';
  return tokenizers === undefined && part === 'tokenizers' ? '--tokenizers and --texts' : undefined;
};
const parts = values.parts?.split(',').map((part): PartName => {
  const name = partNames.find((known) => known === part);
  if (!name) throw new RangeError(`--parts: expected some of ${partNames.join(',')}, got "${part}"`);
  const needed = missing(name);
  if (needed) throw new RangeError(`--parts: expected ${needed} for "${name}", got neither`);
  return name;
});
const threads = whole('threads', values.threads)!;
const rounds = whole('rounds', values.rounds) ?? (quick ? 1 : 3);
const runs = whole('runs', values.runs) ?? (quick ? 1 : 7);
const batches = whole('batches', values.batches) ?? (quick ? 2 : undefined);
const torch = python === undefined ? 'peer absent' : await torchVersion(python);
const file = values.results ?? (quick ? undefined : join(import.meta.dirname, 'RESULTS.md'));
const common = { python, threads };
const real = {
  ...common,
  data: data ?? '',
  tokenizer: tokenizer ?? '',
  shape: quick ? '32,2,64,1' : '768,12,3072,4',
  batches,
};

/** The shapes that the first prototype was measured on, before this code existed. */
const stepShapes = ['8,128,768,12,3072,4', '4,512,768,12,3072,4', '32,64,384,12,1536,6'];

interface Part {
  readonly title: string;
  /** Whether PyTorch takes part. */
  readonly beside: boolean;
  /** The body of its section after each thing that was measured: an hour's numbers survive what stops the rest. */
  readonly bodies: () => AsyncIterable<readonly string[]>;
}
const allParts: Readonly<Record<PartName, Part>> = {
  steps: {
    title: 'A training step',
    beside: true,
    bodies: () => {
      const shapes = quick ? ['2,16,32,2,64,1', '1,24,32,2,64,1', '4,8,32,2,64,1'] : stepShapes;
      const dropouts = numbers('dropouts', values.dropouts);
      return growing(compareSteps({ ...common, shapes, dropouts, rounds, runs }), (steps) =>
        stepsSection(steps, { rounds, runs }),
      );
    },
  },
  providers: {
    title: 'A training step per provider',
    beside: false,
    bodies: () => {
      const shapes = quick ? ['2,16,32,2,64,1'] : stepShapes;
      const seconds = whole('seconds', values.seconds)!;
      return growing(compareProviders({ shapes, threads, runs, seconds }), (found) =>
        providersSection(found, { runs, software: isSoftware() }),
      );
    },
  },
  epochs: {
    title: 'Real lengths',
    beside: true,
    bodies: () => {
      const dropouts = numbers('epoch-dropouts', values['epoch-dropouts']);
      const maxCells = whole('max-cells', values['max-cells']);
      return growing(compareEpochs({ ...real, orders, dropouts, maxCells }), epochsSection);
    },
  },
  embedding: {
    title: 'The embedding recipe',
    beside: true,
    bodies: () => {
      const recipe = {
        ...real,
        batchSize: whole('batch-size', values['batch-size'])!,
        negatives: whole('neg-nums', values['neg-nums'])!,
        chunkTokens: whole('chunk-tokens', values['chunk-tokens'])!,
        dropout: 0.1,
      };
      return growing(compareEmbedding(recipe), (found) => embeddingSection(found, recipe));
    },
  },
  'grad-cache': {
    title: 'Contrastive batches by chunks',
    beside: false,
    bodies: () => {
      const shape = quick
        ? { passages: 2, tokens: 8, hidden: 32, heads: 2, feedForward: 64, layers: 1, dropout: 0.1 }
        : { passages: 8, tokens: 16, hidden: 256, heads: 4, feedForward: 1024, layers: 2, dropout: 0.1 };
      const sizes = quick
        ? { queries: 16, uncached: [4, 8], budgets: [32, 128] }
        : { queries: 1024, uncached: [16, 64, 128], budgets: [2048, 16384] };
      // One step each: memory is what is asked.
      const options = { shape, ...sizes, threads, runs: 1 };
      return growing(compareGradCache(options), (found) => gradCacheSection(found, shape));
    },
  },
  'max-sim': {
    title: 'MaxSim',
    beside: false,
    bodies: () => {
      const shapes = quick ? ['50,8,16,1,4'] : ['10000,100,128,1,32', '10000,100,128,8,32'];
      return growing(compareMaxSim({ shapes, threads, runs }), maxSimSection);
    },
  },
  inference: {
    title: 'Inference beside transformers.js',
    beside: false,
    bodies: () => {
      const shape = quick ? '32,2,64,1' : '384,12,1536,6';
      const rows = whole('rows', values.rows) ?? (quick ? 32 : 512);
      const options = { data: data ?? '', tokenizer: tokenizer ?? '', shape, rows, rounds, runs: 1, threads };
      return growing(compareInference(options), (found) => inferenceSection(found, { shape, rounds }));
    },
  },
  tokenizers: {
    title: 'Tokenizers',
    beside: false,
    bodies: () => {
      const files = { folder: tokenizers ?? '', chinese: texts ?? '' };
      const amount = quick ? { runs: 1, most: 50 } : { runs, most: undefined };
      return growing(compareTokenizers({ ...files, ...amount, workers: threads }), tokenizersSection);
    },
  },
  decoders: {
    title: 'Decoders',
    beside: true,
    bodies: () => {
      const tiny = { hidden: 64, heads: 4, keyValueHeads: 2, feedForward: 128, layers: 3, vocabulary: 600 };
      const whole = quick ? tiny : qwen05b;
      // A sixth of both, so that the embedding has the share of the time that it has in the whole.
      const cut = {
        ...whole,
        layers: quick ? 2 : whole.layers / 6,
        vocabulary: Math.ceil(whole.vocabulary / 6),
      };
      const sizes = quick ? { rows: 2, tokens: 24, realRows: 2 } : { rows: 4, tokens: 512, realRows: 8 };
      const options = {
        ...{ ...common, ...sizes, cut, whole, rounds, data },
        tokenizer: values['decoder-tokenizer'],
        batches: batches ?? 3,
      };
      return growing(compareDecoder(options), (found) => decoderSection(found, whole));
    },
  },
};

for (const part of parts ?? partNames) {
  const needed = missing(part);
  if (needed) {
    console.error(`run: "${part}" is left out: no ${needed} were given`);
    continue;
  }
  const { title, beside, bodies } = allParts[part];
  const about = aboutNow(beside);
  const absent = beside && python === undefined ? ['PyTorch: peer absent (`--python` names one).'] : [];
  let section = '';
  for await (const body of bodies()) {
    section = resultsSection({ part, title, about, command: repeat(part), body: [...absent, ...body] });
    if (file === undefined) continue;
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '# Results\n';
    writeFileSync(file, withSection(text, part, section));
  }
  if (file === undefined) console.log(`${section}\n`);
}

async function* growing<T>(
  found: AsyncIterable<T>,
  render: (all: readonly T[]) => readonly string[],
): AsyncGenerator<readonly string[]> {
  const all: T[] = [];
  for await (const one of found) {
    all.push(one);
    yield render(all);
  }
}

function aboutNow(beside: boolean): [string, string][] {
  const machine = `${cpus().length} × ${cpus()[0]!.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${arch()}`;
  const versions = `Node ${process.versions.node}, onnxruntime-node ${onnxRuntimeVersion()}`;
  return [
    ['Date', new Date().toISOString().slice(0, 10)],
    ['Machine', machine],
    ['Versions', beside ? `${versions}, torch ${torch}` : versions],
    ['Runs', `${threads} threads, load average ${loadavg()[0]!.toFixed(1)} at the start`],
  ];
}

/** The version of the library that @rag/runtime loads. */
function onnxRuntimeVersion(): string {
  const require = createRequire(import.meta.resolve('@rag/runtime'));
  return (require('onnxruntime-node/package.json') as { version: string }).version;
}

/** This command for one part, with its paths left open: they belong to one machine. */
function repeat(part: PartName): string {
  const open: Readonly<Record<string, string>> = {
    python: '<python with torch>',
    data: '<t2rank.jsonl>',
    tokenizer: '<directory>',
    tokenizers: '<folder of directories>',
    texts: '<t2rank.jsonl>',
    'decoder-tokenizer': '<directory of a decoder>',
    results: '<file>',
  };
  const given = Object.entries(values)
    .filter(([name]) => name !== 'parts' && process.argv.some((arg) => arg.split('=')[0] === `--${name}`))
    .flatMap(([name, value]) =>
      value === true ? [`--${name}`] : [`--${name}`, open[name] ?? String(value)],
    );
  return ['npx tsx --conditions=@rag/source run.ts', '--parts', part, ...given].join(' ');
}
