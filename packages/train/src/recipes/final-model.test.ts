import { expect, test } from 'vitest';
import { resolveEmbedding } from '../config/embedding-config.js';
import { settingsOf } from '../config/resolve.js';
import { describeData, finalFiles } from './final-model.js';
import type { RunFacts } from './run-record.js';

const facts: RunFacts = {
  ...{ id: 'r1', task: 'embedding', version: '1.2.3', versions: {}, threads: 1, ran: {}, val: undefined },
  data: { summary: {}, fingerprint: 'f' },
  files: { train: [{ file: 'd.jsonl', bytes: 1, rows: 1, sha256: 'ab' }], val: [] },
  start: {
    modelType: 'bert',
    weights: new Map([['a', new Float32Array(2_000_000)]]),
    fresh: [],
    base: { name: 'org/m', commit: 'cc', facts: { license: 'mit', language: [] } },
  },
};
const outcome = { result: { updates: 1, tokens: 2, seconds: 3, meanLoss: 4 }, evaluation: undefined };

test.each([true, false])(
  'golden.json, card and training configuration; ONNX where asked for: %s',
  async (exportOnnx) => {
    const exported: string[] = [];
    const model = {
      golden: async () => [{ input: 'text', input_ids: [1], output: [0.5] }],
      exportOnnx: async (directory: string) => exported.push(directory),
    };
    const settings = { modelNameOrPath: '/home/me/m', trainDataset: '/home/me/d.jsonl', exportOnnx, lr: 0.5 };
    const resolved = resolveEmbedding([settingsOf(settings)]);
    const files = await finalFiles(model, 'out/model', resolved, facts, { outcome, card: { metrics: [] } });
    expect(exported).toEqual(exportOnnx ? ['out/model'] : []);
    expect(JSON.parse(files['golden.json'])).toMatchObject({ task: 'embedding', cases: [{ output: [0.5] }] });
    expect(JSON.parse(files['training_config.json'])).toMatchObject({ result: { updates: 1 } });
    const card = files['README.md'];
    for (const line of [
      'license: mit',
      'base_model: org/m',
      '| `lr` | 0.5 |',
      '(bert, 2.0 M parameters) by @rag/train 1.2.3',
    ])
      expect(card).toContain(line);
    // What nobody gave stands in training_config.json.
    expect(card).not.toContain('weight_decay');
    expect(card.includes('transformers.js')).toBe(exportOnnx);
    expect(Object.values(files).join('')).not.toContain('/home');
  },
);

test('each data file is described once, a teacher’s vectors among those of training', async () => {
  const read: string[] = [];
  const describe = async (path: string, content: 'rows' | 'vectors') => {
    read.push(`${content} ${path}`);
    return { file: path, bytes: 0, sha256: '' };
  };
  const found = await describeData(
    { describeData: describe },
    { train: ['a', 'b'], val: ['v'], vectors: 't' },
  );
  expect([found.train.map(({ file }) => file), found.val.map(({ file }) => file)]).toEqual([
    ['a', 'b', 't'],
    ['v'],
  ]);
  expect(read.sort()).toEqual(['rows a', 'rows b', 'rows v', 'vectors t']);
});
