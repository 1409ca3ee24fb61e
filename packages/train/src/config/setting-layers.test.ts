import { expect, test } from 'vitest';
import { readYaml } from './read-yaml.js';
import { resolveReranker } from './reranker-config.js';
import { rerankerOptions } from './reranker-options.js';
import { formatNotActive, type Setting } from './resolve.js';
import { settingLayers } from './setting-layers.js';

const files: Readonly<Record<string, string>> = {
  'a.yaml': 'mixed_precision: fp16\nnum_processes: 2\nrdzv_backend: static\nmegatron_lm_config: {a: 1}',
  'both.yaml': 'deepspeed_config: {deepspeed_config_file: ds.json}',
  'ds.json':
    '{"zero_optimization": {"stage": 2}, "gradient_clipping": 0.5, "optimizer": {"type": "AdamW", "params": {"lr": 1e-3}}, "aio": {"a": 1}}',
};
const folders: Readonly<Record<string, readonly string[]>> = {
  data: ['b.jsonl', 'a.json', 'notes.txt'],
  empty: ['notes.txt'],
};
const disk = {
  readText: async (path: string) => {
    if (path === 'folder') throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    return files[path];
  },
  list: async (path: string) => folders[path.replace(/\/$/, '')] ?? [],
};
const needed = 'model_name_or_path: m\ntrain_dataset: t.jsonl\n';
const flag = (key: string, value: unknown): Setting => ({ key, value, where: `--${key}` });
const resolved = async (yaml: string, ...flags: Setting[]) =>
  resolveReranker(await settingLayers(rerankerOptions, [readYaml(needed + yaml, 'f.yaml'), flags], disk));

test('what launchers’ files say lies beneath the file, and flags lie above it', async () => {
  const { config, sources } = await resolved('config_file: a.yaml\nlr: 2e-3\n', flag('deepspeed', 'ds.json'));
  expect(config).toMatchObject({ numProcesses: 2, mixedPrecision: 'fp16', zeroStage: 2, maxGradNorm: 0.5 });
  expect(config.lr).toBe(2e-3);
  expect(sources.get('num_processes')).toBe('a.yaml:2');
  expect(sources.get('zero_stage')).toBe('ds.json');
});

test('what of them has no setting is said', async () => {
  const { notActive } = await resolved('config_file: a.yaml\ndeepspeed: ds.json\n');
  expect(notActive.map(formatNotActive)).toEqual([
    'config_file a.yaml: megatron_lm_config: PyTorch’s own: running without',
    'deepspeed ds.json: aio: DeepSpeed’s own: running without',
    'mixed_precision fp16: the cpu provider has no fp16 kernels: running fp32',
  ]);
});

test('accelerate’s file may name DeepSpeed’s; a flag in camelCase and the highest layer count', async () => {
  const { config } = await resolved('config_file: a.yaml\n', {
    key: 'configFile',
    value: 'both.yaml',
    where: 'train()',
  });
  expect(config).toMatchObject({ zeroStage: 2, mixedPrecision: 'no', configFile: 'both.yaml' });
  expect(config.numProcesses).toBeUndefined();
});

test('another word for the same thing in a higher layer takes the lower one with it', async () => {
  const { config, sources } = await resolved('config_file: a.yaml\nwarmup_steps: 3\n', flag('bf16', true));
  expect(config).toMatchObject({ mixedPrecision: 'no', bf16: true, warmupSteps: 3 });
  expect(sources.has('mixed_precision')).toBe(false);
  expect((await resolved('warmup_steps: 3\n', flag('warmup_ratio', 0.2))).config).toMatchObject({
    warmupSteps: undefined,
    warmupProportion: 0.2,
  });
  // False asks for nothing.
  expect((await resolved('mixed_precision: bf16\n', flag('fp16', false))).config.mixedPrecision).toBe('bf16');
});

test('a file that is not there is said where it was named', async () => {
  await expect(resolved('deepspeed: none.json\n')).rejects.toThrow(
    'f.yaml:3: "deepspeed" expected a file, got none.json, which is none — check the path',
  );
  await expect(resolved('config_file: folder\n')).rejects.toThrow(
    '"config_file" expected a file, got folder, which cannot be read (EISDIR) — check the path',
  );
});

test('a folder of data stands for the files in it', async () => {
  const { config } = await resolved(
    '',
    flag('train_data', ['data/', 'c.jsonl']),
    flag('val_dataset', 'data'),
  );
  expect(config.trainDataset).toEqual(['data/a.json', 'data/b.jsonl', 'c.jsonl']);
  expect(config.valDataset).toEqual(['data/a.json', 'data/b.jsonl']);
  await expect(resolved('', flag('train_data', ['empty']))).rejects.toThrow(
    '--train_data: expected .jsonl or .json files in the folder empty, got notes.txt — name a file',
  );
});
