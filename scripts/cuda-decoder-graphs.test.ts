import { describe, expect, test } from 'vitest';
import { namedLosses } from '../packages/losses/src/names.js';
import type { RerankerLoss } from '../packages/reranker/src/training/objective.js';
import type { Precision } from '../packages/runtime/src/training/precision.js';
import { decoderTrainings, decoderTypes, frozenStorages, yesNoGraphs } from './cuda-decoder-graphs.js';
import { type CudaGraph, configurationOf, precisions, trainingGraphs } from './cuda-graphs.js';
import { leaving } from './cuda-leaving.js';

/** Whether every decoder is trained in every way and precision. */
const long = process.env.RAG_LONG !== undefined;

const named = namedLosses.find(({ kind }) => kind === 'pointwise')!;
const loss = { kind: 'pointwise', loss: named.loss } as RerankerLoss;

const trained = (
  name: string,
  formats: readonly Precision[],
  storages: typeof frozenStorages = frozenStorages,
): CudaGraph[] =>
  formats.flatMap((precision) =>
    decoderTrainings(configurationOf(name, 2), loss, storages).flatMap(({ name: way, objective, options }) =>
      trainingGraphs(`${name}: ${way}`, objective, precision, options),
    ),
  );

describe('every node that CUDA gets of a language model runs on CUDA', () => {
  test.each(decoderTypes)('%s, that answers yes or no, served and exported', (name) => {
    expect(leaving(yesNoGraphs(name, configurationOf(name), ['fp16', 'q4']))).toEqual([]);
  });

  test.each(long ? decoderTypes : ['qwen2'])(
    '%s, trained by the answer, layer by layer, beside LoRA over frozen weights of every storage',
    (name) => {
      const graphs = trained(name, long ? precisions : ['fp32']);
      expect(graphs.filter(({ name }) => name.includes('int4')).length).toBeGreaterThan(10);
      expect(leaving(graphs)).toEqual([]);
    },
  );

  test('in half precision, over weights of four bits', () => {
    expect(leaving(trained('gemma2', ['fp16', 'bf16'], ['int4']))).toEqual([]);
  });
});
