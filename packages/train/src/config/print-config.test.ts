import { expect, test } from 'vitest';
import { printConfig } from './print-config.js';
import { readYaml } from './read-yaml.js';
import { resolveReranker } from './reranker-config.js';

const yaml = `model_name_or_path: "model: a # b"
train_dataset: [a.jsonl, "b c.jsonl"]
lr: 3e-5
seq: "\\n"
mixed_precision: bf16
`;

test('says each setting, where it came from and what runs in its stead', () => {
  const flag = { key: 'epochs', value: 1, where: '--epochs' };
  const printed = printConfig('reranker', resolveReranker([readYaml(yaml, 'f.yaml'), [flag]]));
  expect(printed.split('\n')[0]).toBe('# yaml-language-server: $schema=rag-reranker.schema.json');
  expect(printed).toContain('\nlr: 0.00003 # peak learning rate (f.yaml:3)\n');
  expect(printed).toContain('\n# val_dataset: # JSONL files to rank before, during and after training\n');
  expect(printed).toContain('\nepochs: 1 # passes over the data (--epochs)\n');
  expect(printed).toContain('\nbatch_size: 8 # pairs per batch, or groups (default)\n');
  expect(printed).toContain('(f.yaml:5; the cpu provider has no bf16 kernels: running fp32)\n');
});

test('printed settings, read again, are the same settings', () => {
  const first = resolveReranker([readYaml(yaml, 'f.yaml')]);
  const again = resolveReranker([readYaml(printConfig('reranker', first), 'printed.yaml')]);
  expect(again.config).toEqual(first.config);
});
