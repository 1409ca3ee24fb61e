import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { memorySource } from './file-source.js';
import { inspectCheckpoint } from './inspect.js';
import { safetensorsBytes } from './safetensors-write.js';

const config = readFileSync(new URL('fixtures/bert/config.json', import.meta.url), 'utf8');
const weights = await safetensorsBytes([
  { name: 'a', shape: [2, 3], data: new Float32Array(6) },
  { name: 'b', shape: [4], data: new Float32Array(4), dtype: 'F16' },
]);
const open = (files: Record<string, string | Uint8Array>) =>
  inspectCheckpoint(memorySource({ 'config.json': config, 'model.safetensors': weights, ...files }));

describe('inspectCheckpoint', () => {
  it('tells task, class, sizes, dtypes, licence and models for other tools', async () => {
    const found = await open({
      'tokenizer.json': '{}',
      'onnx/model.onnx': 'abc',
      'onnx/model_fp16.onnx': 'a',
      'golden.json': '{}',
      'README.md': '---\nlanguage: zh\nlicense: apache-2.0\n---\n# Card\nlicense: mit\n',
    });
    expect(found).toMatchObject({
      task: 'reranker',
      opensWith: 'CrossEncoder',
      modelType: 'bert',
      known: true,
      tensors: 2,
      parameters: 10,
      dtypes: { F32: 24, F16: 8 },
      tokenizer: ['tokenizer.json'],
      onnx: { 'onnx/model.onnx': 3, 'onnx/model_fp16.onnx': 1 },
      licence: 'apache-2.0',
      records: ['README.md', 'golden.json'],
    });
    expect(found.sizes?.hidden_size).toBe(JSON.parse(config).hidden_size);
  });

  it('a model of ONNX files alone', async () => {
    const files = { 'config.json': config, 'model.onnx': 'abcd', 'onnx/model_q4.onnx': 'ab' };
    const found = await inspectCheckpoint(memorySource(files));
    expect(found).toMatchObject({ tensors: 0, onnx: { 'onnx/model_q4.onnx': 2, 'model.onnx': 4 } });
  });

  it('a model that nothing opens is told, not refused', async () => {
    const found = await open({ 'config.json': '{"model_type":"gpt2","architectures":["GPT2Model"]}' });
    expect(found).toMatchObject({ task: 'encoder', opensWith: undefined, modelType: 'gpt2', known: false });
    expect(found.problem).toContain('gpt2');
    expect(found.sizes).toBeUndefined();
  });

  it('a decoder that scores pairs is for the class that reads from the file which of them it is', async () => {
    const decoder = readFileSync(new URL('fixtures/qwen2/config.json', import.meta.url), 'utf8');
    const found = await open({ 'config.json': decoder });
    expect(found).toMatchObject({ task: 'reranker', opensWith: 'Reranker', modelType: 'qwen2', known: true });
    expect(found.sizes).toMatchObject({ num_hidden_layers: 2, hidden_size: 16 });
  });

  it('a language model opens as a reranker too', async () => {
    const decoder = JSON.parse(readFileSync(new URL('fixtures/qwen2/config.json', import.meta.url), 'utf8'));
    const causal = JSON.stringify({ ...decoder, architectures: ['Qwen2ForCausalLM'] });
    expect(await open({ 'config.json': causal })).toMatchObject({
      task: 'encoder',
      opensWith: undefined,
      alsoOpensWith: ['Reranker'],
    });
    expect((await open({})).alsoOpensWith).toEqual([]);
  });

  it('a licence is one of the front matter alone', async () => {
    expect((await open({})).licence).toBeUndefined();
    expect((await open({ 'README.md': '# Card\nlicense: mit\n' })).licence).toBeUndefined();
    expect((await open({ 'README.md': '---\nx:\n  license: mit\n---\n' })).licence).toBeUndefined();
    expect((await open({ 'README.md': '---\r\nlicense: "cc-by-nc-4.0"\r\n---\r\n' })).licence).toBe(
      'cc-by-nc-4.0',
    );
  });
});
