import { describe, expect, it } from 'vitest';
import { memorySource } from './file-source.js';
import { expectWide, type GoldenCase, GoldenError, goldenText, verifyGolden } from './golden.js';

const cases: GoldenCase[] = [
  { input: 'a', input_ids: [1, 2], output: [0.5, -300] },
  { input: ['q', 'p'], input_ids: [3], output: [1] },
];
const verify = (text: string | undefined, found = cases) =>
  verifyGolden(
    memorySource(text === undefined ? {} : { 'golden.json': text }),
    'reranker',
    'dir',
    async (inputs) => {
      expect(inputs).toEqual(cases.map(({ input }) => input));
      return found;
    },
  );
const text = goldenText('reranker', cases);
const edited = (index: number, edit: Partial<GoldenCase>) =>
  cases.map((entry, i) => (i === index ? { ...entry, ...edit } : entry));

describe('verifyGolden', () => {
  it('passes equal outputs, and those within 1e-4 of the larger of 1 and the value', async () => {
    await verify(text);
    await verify(text, edited(0, { output: [0.50009, -300.02] }));
  });

  it('names the case and what differs', async () => {
    await expect(verify(text, edited(0, { output: [0.5002, -300] }))).rejects.toThrow(
      'dir: golden.json: cases[0]: expected output[0] 0.5, got 0.5002',
    );
    await expect(verify(text, edited(0, { output: [0.5, -300.04] }))).rejects.toThrow('output[1] -300');
    await expect(verify(text, edited(1, { input_ids: [3, 4] }))).rejects.toThrow(
      'cases[1]: expected token ids [3], got [3,4]',
    );
    await expect(verify(text, edited(1, { output: [1, 2] }))).rejects.toThrow('expected 1 outputs, got 2');
    await expect(verify(text, edited(1, { output: [Number.NaN] }))).rejects.toThrow(GoldenError);
    await expect(verify(text, edited(1, { output: [Number.NaN] }))).rejects.toMatchObject({ index: 1 });
  });

  it('a missing, foreign or broken file is an error', async () => {
    await expect(verify(undefined)).rejects.toThrow('save with golden: true');
    for (const broken of [
      goldenText('embedding', cases),
      goldenText('reranker', []),
      '{"version":2,"task":"reranker","cases":[]}',
      '{"version":1,"task":"reranker","cases":[{"input":1}]}',
      '{"version":1,"task":"reranker","cases":[{"input":"a","input_ids":[1],"output":[]}]}',
    ])
      await expect(verify(broken)).rejects.toThrow(GoldenError);
  });
});

describe('expectWide', () => {
  it('passes weights, float32 files and names that state no dtype', () => {
    for (const onnx of [
      undefined,
      'onnx/model.onnx',
      'model.onnx',
      'onnx/own_q4_fp16.onnx',
      'exports/a.onnx',
    ])
      expectWide(onnx, 'dir');
  });

  it.each([
    ['onnx/model_fp16.onnx', 'fp16'],
    ['onnx/model_quantized.onnx', 'q8'],
    ['model_q4.onnx', 'q4'],
  ])('refuses %s', (onnx, dtype) => {
    const open = () => expectWide(onnx, 'dir');
    expect(open).toThrow(GoldenError);
    expect(open).toThrow(`dir: verify: true: expected the weights or a float32 file, got ${onnx} (${dtype})`);
    expect(open).toThrow('golden.json records the outputs of the float32 weights');
  });
});
