import { readFileSync } from 'node:fs';
import { memorySource, parseEncoderConfig, readSafetensorsHeader, readTensor } from '@rag/models';
import { compile, TrainingSession } from '@rag/runtime';
import { Tokenizer, wordPieceTokenizerJson } from '@rag/text';
import { expect, test } from 'vitest';
import { linearProjection, ragRetrievalSettings } from '../colbert-settings.js';
import { textEncoder } from '../text-encoder.js';
import { collateContrastive, collateScored } from './collate.js';
import { colbertObjective } from './objective.js';

interface Step {
  scores: number[][];
  sum: number;
  gradients: Record<string, number[]>;
}
interface Golden {
  config: Record<string, unknown>;
  vocabulary: string[];
  query_length: number;
  document_length: number;
  dim: number;
  contrastive: { query: string; positive: string; negatives: string[] }[];
  scored: { query: string; contents: string[]; scores: number[] }[];
  unified: { query: string; positive: string; negatives: string[]; scores: number[] }[];
  steps: Record<'in-batch' | 'scored', Record<'default' | 'compat', Step>> & {
    unified: Record<'labels' | 'teacher and itself', Step>;
  };
}

const file = (name: string) => new Uint8Array(readFileSync(new URL(`./fixtures/${name}`, import.meta.url)));
const golden = JSON.parse(new TextDecoder().decode(file('golden.json'))) as Golden;
const config = parseEncoderConfig(golden.config);
const settings = {
  ...ragRetrievalSettings(linearProjection(config.hidden_size, golden.dim, true)),
  query_length: golden.query_length,
  document_length: golden.document_length,
};
const tokenizerJson = wordPieceTokenizerJson(golden.vocabulary, { lowercase: true });
const encoder = textEncoder(
  Tokenizer.fromFiles({ tokenizerJson: JSON.parse(JSON.stringify(tokenizerJson)) }),
  config,
  settings,
);
const at = { file: 'golden', line: 1, row: 0 };

async function weights(): Promise<Map<string, Float32Array>> {
  const source = memorySource({ w: file('model.safetensors') });
  const { tensors } = await readSafetensorsHeader(source, 'w');
  return new Map(
    await Promise.all(
      [...tensors].map(async ([name, entry]) => [name, await readTensor(source, entry)] as const),
    ),
  );
}

test.each([
  ['in-batch', 'default'],
  ['in-batch', 'compat'],
  ['scored', 'default'],
  ['scored', 'compat'],
] as const)('%s, %s: scores, loss and gradients are those of PyTorch', async (kind, mode) => {
  const want = golden.steps[kind][mode];
  const initial = await weights();
  const plan = compile(colbertObjective({ config, settings, loss: { kind } }), {
    initial: (name) => initial.get(name)!,
    optimizer: {},
  });
  const session = await TrainingSession.create(plan, { provider: 'cpu', threads: 1 });
  const options = { encoder, compat: mode === 'compat' };
  const indices = [0, 1, 2];
  const { batch } =
    kind === 'in-batch'
      ? collateContrastive({ examples: golden.contrastive.map((row) => ({ at, ...row })), indices }, options)
      : collateScored({ examples: golden.scored.map((row) => ({ at, ...row })), indices }, options);
  const { sum, weight, outputs } = await session.accumulate(batch);
  expect(weight).toBe(want.scores.length);
  expect(Math.abs(sum - want.sum) / want.sum).toBeLessThan(1e-5);
  const scores = Array.from(outputs.scores!.data as Float32Array);
  want.scores.flat().forEach((score, i) => {
    // Places beyond a query's list are filler.
    if (score !== 0) expect(scores[i]).toBeCloseTo(score, 5);
  });
  const gradients = new Map(session.gradients().map(({ name, data }) => [name, data as Float32Array]));
  const scale = Math.max(...Object.values(want.gradients).flat().map(Math.abs));
  for (const [name, values] of Object.entries(want.gradients)) {
    const ours = gradients.get(name)!;
    expect(ours.length).toBe(values.length);
    const worst = Math.max(...values.map((value, i) => Math.abs(value - ours[i]!)));
    expect(worst / scale, name).toBeLessThan(1e-5);
  }
  session.dispose();
});

test.each([
  ['labels', false, {}],
  ['labels', true, { chunkTokens: 40, chunkTexts: 3 }],
  ['teacher and itself', false, {}],
  ['teacher and itself', true, { chunkTokens: 40 }],
] as const)(
  'unified, %s, in chunks %s: loss and gradients are those of PyTorch',
  async (name, gradCache, chunks) => {
    const want = golden.steps.unified[name];
    const taught = name !== 'labels';
    const initial = await weights();
    const loss = {
      kind: 'unified',
      ...(taught && { distill: 'm3_kd_loss' as const, selfDistill: true }),
    } as const;
    const plan = compile(colbertObjective({ config, settings, loss, gradCache }), {
      initial: (parameter) => initial.get(parameter)!,
      optimizer: {},
    });
    const session = await TrainingSession.create(plan, { provider: 'cpu', threads: 1 });
    const ignored = new Set([0, 1, 2, 3]);
    const examples = golden.unified.map(({ scores, ...row }) => ({ at, ...row, ...(taught && { scores }) }));
    const { batch } = collateContrastive(
      { examples, indices: [0, 1, 2] },
      {
        ...{ encoder, othersPositives: true, ...chunks },
        unified: { ignored, ...(taught && { selfDistill: true }) },
      },
    );
    const { sum, weight } = await session.accumulate(batch);
    expect(weight).toBe(3);
    expect(Math.abs(sum - want.sum) / want.sum).toBeLessThan(1e-5);
    const gradients = new Map(
      session.gradients().map((tensor) => [tensor.name, tensor.data as Float32Array]),
    );
    const scale = Math.max(...Object.values(want.gradients).flat().map(Math.abs));
    for (const [parameter, values] of Object.entries(want.gradients)) {
      const ours = gradients.get(parameter)!;
      expect(ours.length, parameter).toBe(values.length);
      const worst = Math.max(...values.map((value, i) => Math.abs(value - ours[i]!)));
      expect(worst / scale, parameter).toBeLessThan(2e-5);
    }
    session.dispose();
  },
);

test('the two ways of scoring differ where a passage is padded, and only there', () => {
  const { default: own, compat } = golden.steps['in-batch'];
  const differing = own.scores.flat().filter((score, i) => Math.abs(score - compat.scores.flat()[i]!) > 1e-6);
  expect(differing.length).toBeGreaterThan(0);
  // The first passage fills its 16 tokens.
  for (const [row, scores] of own.scores.entries()) expect(scores[0]).toBeCloseTo(compat.scores[row]![0]!, 9);
});
