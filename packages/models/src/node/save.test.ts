import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoint.js';
import { directorySource } from './directory-source.js';
import { type CheckpointToSave, SaveRefusedError, saveCheckpoint } from './save.js';

const listing = async (directory: string) => (await readdir(directory)).sort();
/** Files with the folders they are in. */
const tree = async (directory: string) =>
  (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'save-')));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const checkpoint = (value: number): CheckpointToSave => ({
  config: { model_type: 'bert', value },
  tensors: [{ name: 'a', shape: [2], data: Float32Array.of(value, -value) }],
  files: { 'tokenizer.json': `{"value":${value}}` },
});
const broken: CheckpointToSave = {
  config: {},
  tensors: [{ name: 'a', shape: [1], data: () => Promise.reject(new Error('gone')) }],
};
async function valueIn(directory: string): Promise<unknown> {
  const { config, tokenizerFiles, tensors } = await openCheckpoint(await directorySource(directory));
  const [first] = await tensors.read('a');
  expect(JSON.parse(tokenizerFiles['tokenizer.json']!)).toEqual({ value: first });
  expect(config).toEqual({ model_type: 'bert', value: first });
  return first;
}
const complete = ['config.json', 'model.safetensors', 'tokenizer.json'];

test('a new directory, with its parents, holds what was saved and nothing else', async () => {
  const directory = join(root, 'runs', 'model');
  await saveCheckpoint(directory, checkpoint(1));
  expect(await valueIn(directory)).toBe(1);
  expect(await listing(directory)).toEqual(complete);
  expect(await listing(join(root, 'runs'))).toEqual(['model']);
});

test('an earlier checkpoint is replaced as a whole, an empty directory is filled', async () => {
  const directory = join(root, 'model');
  await mkdir(directory);
  await saveCheckpoint(directory, {
    ...checkpoint(1),
    files: { ...checkpoint(1).files, 'vocab.txt': '[PAD]' },
  });
  expect(await listing(directory)).toEqual([...complete, 'vocab.txt']);
  await saveCheckpoint(directory, checkpoint(2));
  expect(await valueIn(directory)).toBe(2);
  expect(await listing(directory)).toEqual(complete);
  expect(await listing(root)).toEqual(['model']);
});

// Windows lets only administrators make symlinks.
test.skipIf(process.platform === 'win32')('a symlink to a directory stays one', async () => {
  await saveCheckpoint(join(root, 'model'), checkpoint(1));
  await symlink(join(root, 'model'), join(root, 'latest'));
  await saveCheckpoint(join(root, 'latest'), checkpoint(2));
  expect(await valueIn(join(root, 'model'))).toBe(2);
  expect(await realpath(join(root, 'latest'))).toBe(join(root, 'model'));
});

test('a directory with other content is refused by name and left as it was; overwrite keeps its files', async () => {
  const directory = join(root, 'home');
  await mkdir(directory);
  await writeFile(join(directory, 'thesis.tex'), 'years of work');
  const refusal = saveCheckpoint(directory, checkpoint(1));
  await expect(refusal).rejects.toThrow(SaveRefusedError);
  await expect(refusal).rejects.toThrow(/home: expected an empty directory .* holds thesis\.tex/);
  expect(await listing(directory)).toEqual(['thesis.tex']);
  for (const value of [1, 2]) {
    await saveCheckpoint(directory, checkpoint(value), { overwrite: true });
    expect(await valueIn(directory)).toBe(value);
    expect(await readFile(join(directory, 'thesis.tex'), 'utf8')).toBe('years of work');
    expect(await listing(directory)).toEqual([...complete, 'thesis.tex'].sort());
  }
  expect(await listing(root)).toEqual(['home']);
});

test('the card and the licence of an earlier checkpoint go with it; without a model they are foreign', async () => {
  const directory = join(root, 'model');
  const carded = (card: string, more = {}) => ({
    ...checkpoint(1),
    files: { ...checkpoint(1).files, 'README.md': card, ...more },
  });
  await saveCheckpoint(directory, carded('mrr 0.9', { LICENSE: 'MIT' }));
  await saveCheckpoint(directory, carded('plain'));
  expect(await listing(directory)).toEqual(['README.md', ...complete].sort());
  expect(await readFile(join(directory, 'README.md'), 'utf8')).toBe('plain');
  const project = join(root, 'project');
  await mkdir(project);
  for (const name of ['README.md', 'LICENSE']) await writeFile(join(project, name), 'mine');
  await expect(saveCheckpoint(project, carded('plain'))).rejects.toMatchObject({
    foreign: ['LICENSE', 'README.md'],
  });
  expect(await readFile(join(project, 'README.md'), 'utf8')).toBe('mine');
});

test('a save that fails leaves what was there', async () => {
  await expect(saveCheckpoint(join(root, 'new'), broken)).rejects.toThrow('gone');
  expect(await listing(root)).toEqual([]);
  await saveCheckpoint(join(root, 'model'), checkpoint(1));
  await expect(saveCheckpoint(join(root, 'model'), broken)).rejects.toThrow('gone');
  expect(await valueIn(join(root, 'model'))).toBe(1);
  await mkdir(join(root, 'empty'));
  await expect(saveCheckpoint(join(root, 'empty'), broken)).rejects.toThrow('gone');
  expect(await listing(join(root, 'empty'))).toEqual([]);
  expect(await listing(root)).toEqual(['empty', 'model']);
});

test('what is made from the written model appears with it, in the same rename', async () => {
  const directory = join(root, 'model');
  const made = (value: number) => ({
    names: ['README.md'],
    make: async (staged: string) => {
      expect(await valueIn(staged)).toBe(value);
      await mkdir(join(staged, 'onnx'));
      await writeFile(join(staged, 'onnx', 'model.onnx'), `${value}`);
      return { 'README.md': `# ${value}` };
    },
  });
  const all = [...complete, 'README.md', 'onnx/model.onnx'].sort();
  const found = () =>
    Promise.all(['README.md', 'onnx/model.onnx'].map((name) => readFile(join(directory, name), 'utf8')));
  // New, replaced as a whole, in place.
  await saveCheckpoint(directory, checkpoint(1), { made: made(1) });
  expect([await tree(directory), await found()]).toEqual([all, ['# 1', '1']]);
  await saveCheckpoint(directory, checkpoint(2), { made: made(2) });
  expect([await tree(directory), await found()]).toEqual([all, ['# 2', '2']]);
  await writeFile(join(directory, 'thesis.tex'), 'years of work');
  await saveCheckpoint(directory, checkpoint(3), { made: made(3), overwrite: true });
  expect([await tree(directory), await found()]).toEqual([[...all, 'thesis.tex'].sort(), ['# 3', '3']]);

  // What cannot be made, or was not named, leaves everything as it was.
  const failing = [
    { names: [], make: () => Promise.reject(new Error('gone')) },
    { names: ['a.md'], make: async () => ({ 'b.md': '' }) },
  ];
  for (const made of failing)
    await expect(saveCheckpoint(directory, checkpoint(4), { made, overwrite: true })).rejects.toThrow(
      /gone|made: expected a\.md, got b\.md — name what is made/,
    );
  expect([await valueIn(directory), await found()]).toEqual([3, ['# 3', '3']]);
  expect(await listing(root)).toEqual(['model']);
});

const modules = (value: number, ...folders: string[]): CheckpointToSave => ({
  ...checkpoint(value),
  files: {
    ...checkpoint(value).files,
    'modules.json': '[]',
    ...Object.fromEntries(folders.map((folder) => [`${folder}/config.json`, `{"value":${value}}`])),
  },
});
const withModules = (...files: string[]) => [...complete, 'modules.json', ...files].sort();

test('files in folders: a new directory, an empty one, and an earlier checkpoint with other folders', async () => {
  const directory = join(root, 'model');
  await saveCheckpoint(directory, modules(1, '1_Pooling', '2_Dense'));
  expect(await tree(directory)).toEqual(withModules('1_Pooling/config.json', '2_Dense/config.json'));
  await saveCheckpoint(directory, modules(2, '1_Pooling', 'deep/er'));
  expect(await tree(directory)).toEqual(withModules('1_Pooling/config.json', 'deep/er/config.json'));
  expect(await listing(directory)).not.toContain('2_Dense');
  expect(await valueIn(directory)).toBe(2);
  await mkdir(join(root, 'empty'));
  await saveCheckpoint(join(root, 'empty'), modules(3, '1_Pooling'));
  expect(await tree(join(root, 'empty'))).toEqual(withModules('1_Pooling/config.json'));
  expect(await listing(join(root, 'empty'))).toEqual([...complete, '1_Pooling', 'modules.json'].sort());
  expect(await listing(root)).toEqual(['empty', 'model']);
});

test.each([
  ['1_Pooling/notes.txt', '1_Pooling/notes.txt'],
  ['onnx/notes.txt', 'onnx/notes.txt'],
  ['images/plan.png', 'images'],
])('%s is foreign: refused by name, and kept by overwrite', async (file, shown) => {
  const directory = join(root, 'model');
  await saveCheckpoint(directory, modules(1, '1_Pooling'));
  await mkdir(join(directory, file, '..'), { recursive: true });
  await writeFile(join(directory, file), 'mine');
  await expect(saveCheckpoint(directory, modules(2, '1_Pooling'))).rejects.toMatchObject({
    foreign: [shown],
  });
  expect(await valueIn(directory)).toBe(1);
  await saveCheckpoint(directory, modules(2, '1_Pooling'), { overwrite: true });
  expect(await valueIn(directory)).toBe(2);
  expect(await readFile(join(directory, '1_Pooling', 'config.json'), 'utf8')).toBe('{"value":2}');
  expect(await tree(directory)).toEqual(withModules('1_Pooling/config.json', file));
  expect(await listing(root)).toEqual(['model']);
});

test.each([
  ['as a whole', []],
  ['in place, beside a foreign file', ['mine.txt']],
])('what was made from the older weights goes with them: %s', async (_, foreign) => {
  const directory = join(root, 'model');
  await saveCheckpoint(directory, modules(1, '1_Pooling'));
  await mkdir(join(directory, 'onnx'));
  const derived = ['golden.json', 'onnx/model.onnx', 'onnx/model.onnx_data', 'onnx/model_fp16.onnx'];
  for (const file of [...derived, ...foreign]) await writeFile(join(directory, file), 'old');
  const golden = { ...modules(2, '1_Pooling') };
  golden.files = { ...golden.files, 'golden.json': 'new' };
  await saveCheckpoint(directory, golden, { overwrite: foreign.length > 0 });
  expect(await tree(directory)).toEqual(withModules('1_Pooling/config.json', 'golden.json', ...foreign));
  expect(await readFile(join(directory, 'golden.json'), 'utf8')).toBe('new');
  await saveCheckpoint(directory, modules(3, '1_Pooling'), { overwrite: foreign.length > 0 });
  expect(await tree(directory)).toEqual(withModules('1_Pooling/config.json', ...foreign));
});

test('a save with folders that fails leaves what was there', async () => {
  const directory = join(root, 'model');
  await saveCheckpoint(directory, modules(1, '1_Pooling'));
  const failing = { ...modules(2, '1_Pooling', '2_Dense'), tensors: broken.tensors };
  await expect(saveCheckpoint(directory, failing)).rejects.toThrow('gone');
  expect(await valueIn(directory)).toBe(1);
  expect(await tree(directory)).toEqual(withModules('1_Pooling/config.json'));
  await mkdir(join(root, 'empty'));
  await expect(saveCheckpoint(join(root, 'empty'), failing)).rejects.toThrow('gone');
  expect(await listing(join(root, 'empty'))).toEqual([]);
  expect(await listing(root)).toEqual(['empty', 'model']);
});

test('tensors may come from the very checkpoint that is replaced', async () => {
  const directory = join(root, 'model');
  await saveCheckpoint(directory, checkpoint(3));
  const { tensors } = await openCheckpoint(await directorySource(directory));
  await saveCheckpoint(directory, {
    ...checkpoint(3),
    tensors: tensors.names.map((name) => ({
      name,
      shape: tensors.shape(name),
      data: () => tensors.read(name),
    })),
  });
  expect(await valueIn(directory)).toBe(3);
});

test('a file in the place of the directory, and file names that leave it or are the saver’s own, are errors', async () => {
  await writeFile(join(root, 'file'), '');
  await expect(saveCheckpoint(join(root, 'file'), checkpoint(1))).rejects.toThrow(
    /holds a file of this name/,
  );
  for (const name of [
    '../x',
    'a/../x',
    'a/./b',
    'a//b',
    '/a',
    'a/',
    'a\\b',
    '..',
    '',
    'c:',
    'config.json',
    'model.safetensors',
  ]) {
    const files = { [name]: 'x' };
    await expect(saveCheckpoint(join(root, 'new'), { ...checkpoint(1), files })).rejects.toThrow(
      /paths inside the directory/,
    );
  }
  expect(await listing(root)).toEqual(['file']);
});

test('an adapter has no config.json, with which Python takes a directory for a whole model; the one replaces the other', async () => {
  const directory = join(root, 'model');
  const adapter = { 'adapter_config.json': '{}', 'adapter_model.safetensors': new Uint8Array(8) };
  const files = ['adapter_config.json', 'adapter_model.safetensors', 'tokenizer.json'];
  await saveCheckpoint(directory, { ...checkpoint(1), tensors: [], adapter });
  expect(await listing(directory)).toEqual(files);
  await saveCheckpoint(directory, checkpoint(2));
  expect(await listing(directory)).toEqual(complete);
  // In place too, beside another's file.
  await writeFile(join(directory, 'notes.txt'), '');
  await saveCheckpoint(directory, { ...checkpoint(3), tensors: [], adapter }, { overwrite: true });
  expect(await listing(directory)).toEqual([...files.slice(0, 2), 'notes.txt', files[2]]);
  await saveCheckpoint(directory, checkpoint(4), { overwrite: true });
  expect(await listing(directory)).toEqual([
    'config.json',
    'model.safetensors',
    'notes.txt',
    'tokenizer.json',
  ]);
  expect(await valueIn(directory)).toBe(4);
});
