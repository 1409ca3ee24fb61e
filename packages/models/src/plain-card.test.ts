import { describe, expect, test } from 'vitest';
import { memorySource } from './file-source.js';
import { readCard } from './model-card-facts.js';
import { withPlainCard } from './plain-card.js';

const matter = (...lines: string[]) =>
  ['---', ...lines, '---', '# Old', 'mrr@10 0.9, `verify: true`', ''].join('\n');
const base = memorySource({
  'README.md': matter(
    'license: apache-2.0',
    'language:',
    '- zh',
    'base_model: org/base',
    'model-index:',
    '- name: x',
  ),
  LICENSE: 'the licence',
  'NOTICE.txt': 'a notice',
  'LICENSES.py': 'no licence',
});
const made = { config: { model_type: 'bert' }, files: { 'tokenizer.json': '{}' } };
const text = (content: string | Uint8Array | undefined) =>
  typeof content === 'string' ? content : new TextDecoder().decode(content);

test('repeats licence, languages and base_model, brings the licence files, and claims nothing else', async () => {
  const { files, config } = await withPlainCard(made, { task: 'reranker', sources: [base] });
  expect(config).toBe(made.config);
  expect(Object.keys(files).sort()).toEqual(['LICENSE', 'NOTICE.txt', 'README.md', 'tokenizer.json']);
  expect(text(files.LICENSE)).toBe('the licence');
  const card = text(files['README.md']);
  for (const line of ['license: apache-2.0', 'language:\n- zh', 'base_model: org/base', '# base reranker'])
    expect(card).toContain(line);
  for (const word of [
    'mrr',
    'model-index',
    'verify',
    'onnx',
    'huggingface/transformers',
    'finetune',
    'trainer',
  ])
    expect(card).not.toContain(word);
  // And so on, from copy to copy.
  const again = await withPlainCard(made, { task: 'reranker', sources: [memorySource(files)] });
  expect(again.files).toEqual(files);
});

test('golden.json is spoken of where it is written; weights of no one have a card without a licence', async () => {
  const files = { 'golden.json': '{}', 'modules.json': '[]' };
  const card = text(
    (await withPlainCard({ ...made, files }, { task: 'colbert', sources: [] })).files['README.md'],
  );
  expect(card).toContain('verify: true');
  expect(card).toContain('library_name: PyLate');
  expect(card).not.toMatch(/license|base_model|Made from/);
  const bare = text((await withPlainCard(made, { task: 'encoder', sources: [] })).files['README.md']);
  expect(bare).toContain('A model of task encoder (bert).');
  expect(bare).not.toContain('## Use');
});

test('a model of the hub is the base of its copy', async () => {
  const source = Object.assign(memorySource({ 'README.md': matter('base_model: org/base') }), {
    id: 'org/tuned',
  });
  const { files } = await withPlainCard(made, { task: 'embedding', sources: [source] });
  expect(await readCard(memorySource(files))).toEqual({ facts: { language: [] }, baseModels: ['org/tuned'] });
});

describe('of a mix', () => {
  const other = (license: string) =>
    memorySource({ 'README.md': matter(`license: ${license}`, 'language: en') });
  const mixed = (license: string) =>
    withPlainCard(made, { task: 'embedding', sources: [base, other(license)] });

  test('a licence that all state is repeated', async () => {
    const { files } = await mixed('apache-2.0');
    expect(await readCard(memorySource(files))).toMatchObject({
      facts: { license: 'apache-2.0', language: ['zh', 'en'] },
    });
    expect(files).toHaveProperty('LICENSE');
  });

  test('different ones are listed, and none is taken', async () => {
    const { files } = await mixed('mit');
    expect(text(files['README.md'])).toContain('Its parts state different licences: apache-2.0, mit.');
    expect((await readCard(memorySource(files))).facts).toEqual({ language: ['zh', 'en'] });
    expect(files).not.toHaveProperty('LICENSE');
  });
});
