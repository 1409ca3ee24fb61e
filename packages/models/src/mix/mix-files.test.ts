import { expect, test } from 'vitest';
import { FileSourceError, memorySource } from '../file-source.js';
import { findMixFiles } from './mix-files.js';

const modules = (...paths: string[]) =>
  JSON.stringify(paths.map((path) => ({ path, type: 'sentence_transformers.models.Dense' })));

test('weights beside the encoder’s are found in the order in which they are read; modules may have no folder', async () => {
  const source = memorySource({
    'config.json': '{}',
    'model.safetensors': '',
    'colbert_linear.pt': '',
    'colbert_linear.safetensors': '',
    'sentencepiece.bpe.model': '',
    'run.json': '{}',
    'modules.json': modules('', '1_Dense', '2_Normalize'),
    '1_Dense/config.json': '{}',
    '1_Dense/pytorch_model.bin': '',
    '1_Dense/notes.txt': '',
  });
  const { copied, extras, modules: found } = await findMixFiles(source);
  expect(extras).toEqual([
    { stem: 'colbert_linear', files: ['colbert_linear.safetensors', 'colbert_linear.pt'] },
    { stem: '1_Dense', files: ['1_Dense/pytorch_model.bin'] },
  ]);
  expect(copied).toEqual(['sentencepiece.bpe.model', 'modules.json', '1_Dense/config.json']);
  expect(found.map(({ path }) => path)).toEqual(['', '1_Dense', '2_Normalize']);
});

test.each([modules('', '../../other'), modules('', '/etc'), '{}', '[{"path":1,"type":"x"}]', '[null]'])(
  'a modules.json is refused that is none or leaves its directory, %#',
  async (text) => {
    await expect(findMixFiles(memorySource({ 'modules.json': text }))).rejects.toBeInstanceOf(
      FileSourceError,
    );
  },
);
