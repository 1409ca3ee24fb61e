import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, LogLevel } from '@huggingface/transformers';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { pushToHub } from '../packages/models/src/node/index.js';
import {
  filesOfDirectory,
  HUB_TOKEN,
  type HubServer,
  startHubServer,
} from '../packages/models/src/testing/index.js';
import { runRag } from '../packages/train/src/testing/run-rag.js';
import { exampleData } from '../packages/train/src/testing/tiny-run.js';
import { writeStart } from './station-start.js';
import { inOthers, inOurs, PAIRS, type Task } from './stations.js';

/**
 * A checkpoint of each family goes from the hub through fine-tuning to disk, into transformers.js, plain ONNX Runtime and back to the
 * hub, and scores the same at each station. RAG_STATIONS names a folder to keep the directories in, for Python's station
 * (scripts/golden/check-stations.py); RAG_LONG takes every architecture.
 */
const TOLERANCE = 1e-4;

let folder: string;
let hub: HubServer;
beforeAll(async () => {
  folder = process.env.RAG_STATIONS ?? (await mkdtemp(join(tmpdir(), 'stations-')));
  await mkdir(folder, { recursive: true });
  hub = await startHubServer();
  // Nothing of the network, and nothing on the terminal.
  Object.assign(env, {
    allowRemoteModels: false,
    allowLocalModels: true,
    useFSCache: false,
    logLevel: LogLevel.ERROR,
  });
  env.localModelPath = folder;
  env.fetch = (url: unknown) => Promise.reject(new Error(`stations: expected no request, got ${url}`));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  if (process.env.RAG_STATIONS === undefined) await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (/^(HF|HUGGING|TRANSFORMERS)/.test(name)) vi.stubEnv(name, undefined);
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_HOME', join(folder, 'hf'));
});

/** The trained model's directory: hub, then `rag train` from its name there. */
async function trainFromHub(task: Task, architecture: string): Promise<string> {
  const name = `${task}-${architecture}`;
  const data = join(folder, `${name}.jsonl`);
  const rows = (await readFile(exampleData('reranker.train.jsonl'), 'utf8')).split('\n').slice(0, 8);
  await writeFile(data, `${rows.join('\n')}\n`);
  const start = await writeStart(architecture, folder);
  const common = [
    '--dataset',
    data,
    '--epochs',
    '1',
    '--batch_size',
    '4',
    '--threads',
    '1',
    '--save_on_epoch_end',
    'false',
  ];
  const run = async (model: string, output: string, ...more: string[]) => {
    const flags = ['--model_name_or_path', model, '--output_dir', join(folder, output), ...common, ...more];
    if (task === 'colbert') flags.push('--colbert_dim', '16');
    expect(await runRag('train', task, ...flags)).toMatchObject({ code: 0, stderr: '' });
    return join(folder, output, 'model');
  };
  // A checkpoint with weights, as its author would have put it on the hub.
  const first = await run(start, `first/${name}`, '--init_from_config', '--lr', '0.001');
  const card = '---\nlicense: mit\nlanguage:\n- zh\n- en\n---\n# start\n';
  hub.add(`org/${name}`, { ...(await filesOfDirectory(first)), 'README.md': card });
  return run(`org/${name}`, name, '--export_onnx', 'true', '--lr', '0.001');
}

/** The largest difference of two lists of numbers; Infinity where their lengths differ or one is not finite. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const all = Array.from(a, (value, i) => Math.abs(value - b[i]!));
  return all.every(Number.isFinite) ? Math.max(0, ...all) : Number.POSITIVE_INFINITY;
}

const journeys: [Task, string][] = [
  ['reranker', 'bert'],
  ['reranker', 'roberta'],
  ['reranker', 'modernbert'],
  ['embedding', 'xlm-roberta'],
  ['embedding', 'distilbert'],
  ['colbert', 'bert'],
];
const further: [Task, string][] = [
  ...['xlm-roberta', 'distilbert', 'mpnet', 'electra', 'albert', 'deberta-v2'].map((name): [Task, string] => [
    'reranker',
    name,
  ]),
  ...['bert', 'roberta', 'modernbert', 'mpnet', 'albert', 'deberta-v2'].map((name): [Task, string] => [
    'embedding',
    name,
  ]),
  ...['roberta', 'modernbert', 'distilbert', 'xlm-roberta'].map((name): [Task, string] => ['colbert', name]),
];

test.each([...journeys, ...(process.env.RAG_LONG ? further : [])])(
  'hub, fine-tuning, disk, transformers.js, ONNX Runtime, hub: %s of %s',
  async (task, architecture) => {
    const name = `${task}-${architecture}`;
    const model = await trainFromHub(task, architecture);
    const card = await readFile(join(model, 'README.md'), 'utf8');
    for (const line of [
      'license: mit\n',
      'language:\n- zh\n- en\n',
      `base_model: org/${name}\n`,
      '- transformers.js\n',
    ])
      expect(card).toContain(line);
    const ours = await inOurs[task](model);
    if (process.env.RAG_STATIONS !== undefined)
      await writeFile(join(folder, `${name}.ours.json`), JSON.stringify({ task, pairs: PAIRS, ours }));
    for (const { name: station, values } of await inOthers[task](`${name}/model`, model))
      expect(difference(values, ours), station).toBeLessThan(TOLERANCE);
    await pushToHub(model, `me/${name}`, { token: HUB_TOKEN });
    expect(await inOurs[task](`me/${name}`)).toEqual(ours);
  },
);
