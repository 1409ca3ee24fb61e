import type { ColbertConfig } from './colbert-options.js';
import { ConfigError } from './config-error.js';

/**
 * Checks together what of a ColBERT model is trained, and whether dense and sparse vectors are learned too.
 * @param sources where each given key was given
 * @throws ConfigError
 */
export function checkUnified(config: ColbertConfig, sources: ReadonlyMap<string, string>): void {
  const fail = (key: string, problem: string): never => {
    throw new ConfigError(sources.get(key) ?? key, key, problem);
  };
  if (!config.normalizeEmbeddings)
    fail(
      'normalize_embeddings',
      'expected normalize_embeddings true for ColBERT, whose vectors have length 1 wherever they are served, got false — leave it out',
    );
  const trained = {
    use_lora: config.useLora,
    freeze: config.freeze,
    trainable: config.trainable,
    fix_position_embedding: config.fixPositionEmbedding,
  };
  const other = Object.entries(trained).find(([, value]) => value)?.[0];
  if (config.fixEncoder && other !== undefined)
    fail(
      'fix_encoder',
      `expected no ${other} beside fix_encoder, which leaves the projection alone to train, got both — leave out one of the two`,
    );
  const { unifiedFinetuning, useSelfDistill, selfDistillStartStep, lossType } = config;
  if (useSelfDistill && !unifiedFinetuning)
    fail(
      'use_self_distill',
      'expected unified_finetuning true beside use_self_distill, whose teacher is the sum of three kinds of scores, got false — set it, or leave this out',
    );
  if (selfDistillStartStep >= 0 && !useSelfDistill)
    fail(
      'self_distill_start_step',
      'expected use_self_distill true beside self_distill_start_step, got false — set it, or leave this out',
    );
  if (!unifiedFinetuning) return;
  if (lossType !== undefined && lossType !== 'infonce')
    fail(
      'unified_finetuning',
      `expected the loss infonce with unified_finetuning, got ${lossType} — leave loss_type out; knowledge_distillation reads scores of rows`,
    );
  if (config.useLora)
    fail(
      'unified_finetuning',
      'expected no use_lora beside unified_finetuning, since adapters have no place for the weights of terms, got both — leave out one of the two',
    );
}
