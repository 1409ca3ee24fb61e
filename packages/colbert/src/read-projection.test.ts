import { memorySource, openCheckpoint, safetensorsBytes, torchArchive } from '@rag/models';
import { describe, expect, test } from 'vitest';
import { readDirectorySettings } from './directory-settings.js';
import { readProjection } from './read-projection.js';
import { type Files, tinyEncoderFiles, tinyLinear } from './testing/directories.js';

async function read(files: Files, config?: Record<string, unknown>) {
  const all = await tinyEncoderFiles(files);
  if (config) all['config.json'] = JSON.stringify({ ...JSON.parse(all['config.json'] as string), ...config });
  const checkpoint = await openCheckpoint(memorySource(all));
  return readProjection(checkpoint, await readDirectorySettings(checkpoint.source, checkpoint.config, 64));
}
const [weight, bias] = tinyLinear() as [ReturnType<typeof tinyLinear>[0], ReturnType<typeof tinyLinear>[0]];
const pylate = (config: Record<string, unknown>, tensors: Uint8Array): Files => ({
  'modules.json': JSON.stringify([
    { path: '', type: 'sentence_transformers.models.Transformer' },
    { path: '1_Dense', type: 'pylate.models.Dense.Dense' },
  ]),
  '1_Dense/config.json': JSON.stringify({ in_features: 16, out_features: 8, bias: true, ...config }),
  '1_Dense/model.safetensors': tensors,
});
const denseTensors = () =>
  safetensorsBytes([
    { ...weight, name: 'linear.weight' },
    { ...bias, name: 'linear.bias' },
  ]);

describe("RAG-Retrieval's linear layer", () => {
  test('from either file, or from both where they agree', async () => {
    const pt = torchArchive([weight, bias]);
    const safetensors = await safetensorsBytes([weight, bias]);
    for (const files of [
      { 'colbert_linear.pt': pt },
      { 'colbert_linear.safetensors': safetensors },
      { 'colbert_linear.pt': pt, 'colbert_linear.safetensors': safetensors },
    ] as Files[]) {
      const found = await read(files);
      expect(found!.layers).toEqual([
        { name: 'linear', in: 16, out: 8, bias: true, activation: 'identity', residual: false },
      ]);
      expect(found!.weights).toEqual(
        new Map([
          ['linear.weight', weight.data],
          ['linear.bias', bias.data],
        ]),
      );
    }
    expect(await read({})).toBeUndefined();
    const unbiased = await read({ 'colbert_linear.pt': torchArchive([weight]) });
    expect(unbiased!.layers[0]!.bias).toBe(false);
  });

  test('two files that differ', async () => {
    const other = { ...bias, data: bias.data.map(() => 1) };
    await expect(
      read({
        'colbert_linear.pt': torchArchive([weight, other]),
        'colbert_linear.safetensors': await safetensorsBytes([weight, bias]),
      }),
    ).rejects.toThrow(
      'colbert_linear.safetensors: expected the same "bias" as in colbert_linear.pt, got another — delete the file that is older',
    );
  });

  test.each([
    [[bias], '"weight" expected a matrix [dim, hidden], got nothing'],
    [[{ ...weight, shape: [128] }], '"weight" expected a matrix [dim, hidden], got [128]'],
    [[weight, { ...bias, shape: [4, 2] }], '"bias" expected a tensor [8], got [4,2]'],
    [[weight, bias, { ...bias, name: 'extra' }], '"extra" expected no such tensor'],
  ])('a state dict of another layer', async (tensors, message) => {
    await expect(read({ 'colbert_linear.pt': torchArchive(tensors) })).rejects.toThrow(
      `colbert_linear: ${message}`,
    );
  });

  test('a file that is no archive', async () => {
    await expect(read({ 'colbert_linear.pt': 'no zip' })).rejects.toThrow('colbert_linear.pt');
  });
});

describe("PyLate's Dense", () => {
  test('a layer with its activation, and a residual', async () => {
    const activation_function = 'torch.nn.modules.activation.Tanh';
    const found = await read(pylate({ activation_function }, await denseTensors()));
    expect(found!.layers).toEqual([
      { name: 'linear', in: 16, out: 8, bias: true, activation: 'tanh', residual: false },
    ]);
    const tensors = await safetensorsBytes([
      { ...weight, name: 'linear.weight' },
      { ...weight, name: 'residual.weight' },
    ]);
    const residual = await read(pylate({ bias: false, use_residual: true }, tensors));
    expect([...residual!.weights.keys()]).toEqual(['linear.weight', 'linear.residual.weight']);
  });

  test.each([
    [{ activation_function: 'torch.nn.Softmax' }, 'one of torch.nn.modules.linear.Identity'],
    [{ activation_function: 'os.system' }, 'got "os.system"'],
    [{ module_input_name: 'sentence_embedding' }, '"module_input_name" expected "token_embeddings"'],
    [{ in_features: 12 }, '1_Dense/model.safetensors: "linear.weight" expected a tensor [8,12], got [8,16]'],
    [{ out_features: null }, '"linear.weight" expected a tensor [0,16]'],
    [{ bias: false }, '"linear.bias" expected no such tensor'],
    [{ use_residual: true }, '"residual.weight" expected a tensor [8,16]'],
    [{ in_features: '16' }, '1_Dense/config.json: "in_features" expected a whole number'],
  ])('%j', async (config, message) => {
    await expect(read(pylate(config, await denseTensors()))).rejects.toThrow(message);
  });

  test('a folder that would leave the directory', async () => {
    const files = pylate({}, await denseTensors());
    const modules = (files['modules.json'] as string).replace('1_Dense', '../../1_Dense');
    await expect(read({ ...files, 'modules.json': modules })).rejects.toThrow(
      'inside the checkpoint directory',
    );
  });
});

test("Stanford's model without linear.weight has none", async () => {
  expect(await read({}, { architectures: ['HF_ColBERT'] })).toBeUndefined();
});
