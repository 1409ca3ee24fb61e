import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { modelWithWeights, openCheckpoint, weightsInMemory, weightsOfCheckpoint } from '@rag/models';
import { directorySource } from '@rag/models/node';
import { nameOf } from '@rag/onnx';
import { createSession, type Session, tensorsOf } from '@rag/runtime';
import { type EncodedIds, packedTensors, packSequences } from '@rag/text';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readClassifierConfig } from './classifier-config.js';
import { classifierGraph } from './classifier-graph.js';
import { scoreSequences } from './score-sequences.js';
import { tinyConfig } from './testing/tiny.js';
import { tinyParameters } from './testing/tiny-checkpoint.js';

/** Written by scripts/golden/transformers-encoders.py in @rag/models, which names versions and seed. */
const fixtures = new URL('../../models/src/fixtures/', import.meta.url);

interface Golden {
  inputs: Record<'input_ids' | 'attention_mask' | 'token_type_ids', number[][]>;
  logits: { data: number[] };
}

function sequencesOf({ inputs }: Golden): EncodedIds[] {
  return inputs.input_ids.map((ids, row) => {
    const real = (_: number, column: number) => inputs.attention_mask[row]![column] === 1;
    return { input_ids: ids.filter(real), token_type_ids: inputs.token_type_ids[row]!.filter(real) };
  });
}

describe.each(['bert', 'roberta', 'xlm-roberta'])('logits of transformers: %s', (name) => {
  const golden: Golden = JSON.parse(readFileSync(new URL(`${name}/golden.json`, fixtures), 'utf8'));
  const sequences = sequencesOf(golden);
  let session: Session;

  beforeAll(async () => {
    const checkpoint = await openCheckpoint(await directorySource(fileURLToPath(new URL(name, fixtures))));
    const config = readClassifierConfig(checkpoint.config);
    const graph = classifierGraph(config, 1);
    const wanted = graph.parameters.map((value) => ({
      name: nameOf(value),
      shape: value.shape as readonly number[],
    }));
    const { sources, folder } = await weightsOfCheckpoint(checkpoint, config, wanted, {});
    session = await createSession(modelWithWeights(graph, sources), {
      provider: 'cpu',
      externalDataFolder: folder!,
    });
  });
  afterAll(() => session.dispose());

  it('packed, in any batches', async () => {
    expect(new Set(sequences.map(({ input_ids }) => input_ids.length)).size).toBeGreaterThan(1);
    for (const [batchSize, maxTokens] of [
      [64, 16_384],
      [1, 16_384],
      [64, 1],
      [2, 40],
    ] as const) {
      const scores = await scoreSequences(session, sequences, 1, { batchSize, maxTokens });
      for (const [i, logit] of golden.logits.data.entries())
        expect(Math.abs(scores[i]! - logit)).toBeLessThan(1e-5);
    }
  });

  it('padded', async () => {
    const packed = packSequences(sequences, { padId: 1, mode: 'padded' });
    const { logits } = await session.run(tensorsOf(packedTensors(packed)));
    for (const [i, logit] of golden.logits.data.entries())
      expect(Math.abs((logits!.data as Float32Array)[i]! - logit)).toBeLessThan(1e-5);
  });
});

describe('batches', () => {
  const sequences = Array.from({ length: 7 }, (_, i) => ({
    input_ids: [2, ...new Array(3 + ((i * 5) % 7)).fill(5 + i), 3],
    token_type_ids: new Array(5 + ((i * 5) % 7)).fill(0),
  }));
  const limits = { batchSize: 3, maxTokens: 1000 };
  const open = (spoil?: (data: Float32Array) => void) => {
    const parameters = tinyParameters();
    spoil?.(parameters.find(({ name }) => name === 'classifier.bias')!.data);
    const weights = weightsInMemory(new Map(parameters.map(({ name, data }) => [name, data])), parameters);
    return createSession(modelWithWeights(classifierGraph(tinyConfig(), 1), weights.sources), {
      provider: 'cpu',
    });
  };

  it('progress is heard after each, up to the end', async () => {
    const session = await open();
    const heard: number[][] = [];
    await scoreSequences(session, sequences, 0, limits, { onProgress: (...now) => heard.push(now) });
    expect(heard).toEqual([
      [3, 7],
      [6, 7],
      [7, 7],
    ]);
    expect(await scoreSequences(session, [], 0, limits, { onProgress: () => expect.unreachable() })).toEqual(
      [],
    );
    session.dispose();
  });

  it('a signal stops between two', async () => {
    const session = await open();
    const control = new AbortController();
    const heard: number[] = [];
    const scoring = scoreSequences(session, sequences, 0, limits, {
      signal: control.signal,
      onProgress: (done) => {
        heard.push(done);
        control.abort(new Error('enough'));
      },
    });
    await expect(scoring).rejects.toThrow('enough');
    expect(heard).toEqual([3]);
    session.dispose();
  });

  it('a score that is no number is an error, not a rank', async () => {
    const session = await open((bias) => bias.fill(Number.NaN));
    await expect(scoreSequences(session, sequences, 0, limits)).rejects.toThrow(
      'logits: expected finite numbers, got NaN for sequence 4 — check the model',
    );
    session.dispose();
  });

  it.each([{ batchSize: 0 }, { maxTokens: Number.NaN }])('limits below 1 are an error: %o', async (wrong) => {
    const session = await open();
    await expect(scoreSequences(session, sequences, 0, { ...limits, ...wrong })).rejects.toThrow(RangeError);
    session.dispose();
  });
});
