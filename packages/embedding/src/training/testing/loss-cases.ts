import type { EmbeddingHead } from '../../embedding-head.js';
import {
  type CollatedBatch,
  collateContrastive,
  collateScored,
  collateTexts,
  distillHead,
  type EmbeddingLoss,
  mrlHead,
} from '../index.js';
import { bareHead, tinyContrastive, tinyScored, tinyTeacher, tinyTexts } from './examples.js';

/** A loss with the head that it needs, over a batch of seeded texts. */
export interface LossCase {
  readonly loss: EmbeddingLoss;
  /** Of an encoder of hidden size 16; `bareHead` where left out. */
  readonly head?: EmbeddingHead;
  collate(options: Parameters<typeof collateScored>[1]): CollatedBatch;
}

/** Places of examples in their data. */
export const indices: readonly number[] = Array.from({ length: 16 }, (_, i) => 100 + 3 * i);

const width = 24;
const encoder = { hidden_size: 16 };
const student = distillHead(encoder, bareHead, width);
const teacher = { data: tinyTeacher(7, width), width };
export const contrastive: LossCase['collate'] = (options) =>
  collateContrastive({ examples: tinyContrastive(6, 3), indices }, options);
const lists: LossCase['collate'] = (options) => collateScored({ examples: tinyScored(6), indices }, options);

/** Every loss of embedding models. */
export const lossCases: Readonly<Record<string, LossCase>> = {
  'in-batch softmax over triplets': { loss: { kind: 'in-batch', temperature: 0.05 }, collate: contrastive },
  'in-batch softmax over pairs': {
    loss: { kind: 'in-batch', temperature: 0.05 },
    collate: (options) => collateContrastive({ examples: tinyContrastive(9, 0), indices }, options),
  },
  'Matryoshka with a new Dense': {
    loss: { kind: 'in-batch', temperature: 0.05, mrlDims: [4, 8, 12] },
    head: mrlHead(encoder, bareHead, [4, 8, 12]),
    collate: contrastive,
  },
  'KL per query': { loss: { kind: 'scored', temperature: 0.5 }, collate: lists },
  'KL over the batch': { loss: { kind: 'scored', temperature: 0.5, compat: true }, collate: lists },
  MarginMSE: { loss: { kind: 'margin-mse' }, collate: lists },
  CoSENT: { loss: { kind: 'cosent', scale: 5 }, collate: lists },
  AnglE: { loss: { kind: 'angle', scale: 1 }, collate: lists },
  distillation: {
    loss: { kind: 'distill', teacherWidth: width, mrlDims: [8, width] },
    head: student,
    collate: ({ queryEncoder, ...options }) =>
      collateTexts({ examples: tinyTexts(7), indices }, { ...options, encoder: queryEncoder, teacher }),
  },
};
