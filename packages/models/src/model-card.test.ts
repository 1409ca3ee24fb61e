import { describe, expect, test } from 'vitest';
import { type ModelCard, modelCard } from './model-card.js';
import { readModelCardFacts } from './model-card-facts.js';

const card: ModelCard = {
  task: 'reranker',
  base: { name: 'org/base', commit: 'c'.repeat(40), facts: { license: 'mit', language: ['zh', 'no'] } },
  modelType: 'bert',
  parameters: 1_234_567,
  onnx: true,
  tool: '@rag/train 1.2.3',
  settings: { lr: 5e-5, train_dataset: ['rows.jsonl', 'more_rows.jsonl'] },
  train: [{ file: 'rows.jsonl', bytes: 12, rows: 3, sha256: 'ab'.repeat(32) }],
  val: [{ file: 'dev|set.jsonl', bytes: 4, rows: 1, sha256: 'cd'.repeat(32) }],
  result: { updates: 7, tokens: 800, meanLoss: 0.25 },
  metrics: [{ name: 'mrr@10', mean: 0.5, low: 0.25, high: 0.75, before: 0.125 }],
};

test('front matter as the hub reads it', () => {
  const [, matter] = modelCard(card).split('---\n');
  expect(matter!.split('\n')).toEqual([
    'language:',
    '- zh',
    '- "no"',
    'license: mit',
    'library_name: sentence-transformers',
    'pipeline_tag: text-ranking',
    'tags:',
    '- sentence-transformers',
    '- cross-encoder',
    '- reranker',
    '- generated_from_trainer',
    '- onnx',
    '- transformers.js',
    'base_model: org/base',
    'base_model_relation: finetune',
    'model-index:',
    '- name: "base reranker"',
    '  results:',
    '  - task:',
    '      type: text-ranking',
    '    dataset:',
    '      type: unknown',
    '      name: "dev|set.jsonl"',
    '    metrics:',
    '    - type: "mrr@10"',
    '      value: 0.5',
    '',
  ]);
  expect(readModelCardFacts(modelCard(card))).toEqual(card.base.facts);
});

test('what it is, how it was trained and how good it is', () => {
  const text = modelCard(card);
  for (const line of [
    '# base reranker',
    `Trained from org/base at commit ${'c'.repeat(40)} (bert, 1.2 M parameters) by @rag/train 1.2.3.`,
    '| `lr` | 0.00005 |',
    '| `train_dataset` | rows.jsonl, more\\_rows.jsonl |',
    `| training | rows.jsonl | 3 | 12 | \`${'ab'.repeat(32)}\` |`,
    `| held out | dev\\|set.jsonl | 1 | 4 | \`${'cd'.repeat(32)}\` |`,
    '| mrr@10 | 0.1250 | 0.5000 | 0.2500 to 0.7500 |',
  ])
    expect(text).toContain(line);
});

test('rows that were trained on are not called held out', () => {
  const [{ sha256 }] = card.train as [ModelCard['train'][0]];
  const text = modelCard({ ...card, val: [{ file: 'copy.jsonl', bytes: 12, rows: 3, sha256 }, ...card.val] });
  expect(text).toContain(`| the training file itself | copy.jsonl | 3 | 12 | \`${sha256}\` |`);
  expect(text).toContain('| held out | dev\\|set.jsonl |');
  expect(text).toContain('\nOn copy.jsonl (the training file itself), dev\\|set.jsonl; intervals');
});

test('what the model has to beat stands beside it, where that is known', () => {
  const [mrr] = card.metrics;
  const spearman = { name: 'spearman', mean: 0.75 };
  const text = modelCard({ ...card, metrics: [{ ...mrr!, bm25: 0.875, chance: 0.0625 }, spearman] });
  expect(text).toContain('| metric | before | after | 95 % interval | BM25 | chance |');
  expect(text).toContain('| mrr@10 | 0.1250 | 0.5000 | 0.2500 to 0.7500 | 0.8750 | 0.0625 |');
  expect(text).toContain('| spearman | – | 0.7500 | – | – | – |');
  expect(modelCard(card)).not.toContain('BM25');
});

test('a card claims nothing that is not known', () => {
  const text = modelCard({
    ...card,
    base: { name: 'folder' },
    parameters: 8320,
    onnx: false,
    val: [],
    metrics: [],
  });
  expect(text).toContain('# folder reranker\n');
  expect(text).toContain('Trained from folder (bert, 8320 parameters) by');
  for (const word of [
    'base_model',
    'license',
    'language',
    'model-index',
    'onnx',
    'huggingface/transformers',
    '## Evaluation',
  ])
    expect(text).not.toContain(word);
});

describe('each task and layout', () => {
  test.each([
    [
      'embedding',
      undefined,
      'library_name: sentence-transformers',
      'SentenceTransformer("./model")',
      'Embedding.from',
    ],
    ['colbert', 'pylate', 'library_name: PyLate', 'from pylate', 'ColBERT.from'],
    ['colbert', 'colbertv2', 'library_name: transformers', 'from colbert.infra', 'ColBERT.from'],
    ['colbert', 'rag-retrieval', 'library_name: transformers', 'colbert_linear.pt', 'ColBERT.from'],
  ] as const)('%s %s', (task, layout, library, python, own) => {
    const text = modelCard({ ...card, task, ...(layout && { layout }) });
    for (const words of [library, python, own, 'from_pretrained']) expect(text).toContain(words);
    expect(text).not.toContain('CrossEncoder');
  });
});
