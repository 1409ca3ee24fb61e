import { albert } from './albert.js';
import type { Architecture } from './architecture.js';
import { bert } from './bert.js';
import { debertaV2 } from './deberta-v2.js';
import { distilbert } from './distilbert.js';
import { electra } from './electra.js';
import { gemma, gemma2, gemma3Text } from './gemma.js';
import { gte, newModel } from './gte.js';
import { jinaBert } from './jina-bert.js';
import { jinaEmbeddingsV3, jinaXlmRoberta } from './jina-xlm-roberta.js';
import { llama, mistral } from './llama.js';
import { minicpm, minicpmLayerwise } from './minicpm.js';
import { modernbert } from './modernbert.js';
import { mpnet } from './mpnet.js';
import { nomicBert } from './nomic-bert.js';
import { qwen2, qwen3 } from './qwen2.js';
import { roberta, xlmRoberta } from './roberta.js';

const byModelType = {
  albert,
  bert,
  'deberta-v2': debertaV2,
  distilbert,
  electra,
  gemma,
  gemma2,
  gemma3_text: gemma3Text,
  gte,
  jina_bert: jinaBert,
  jina_embeddings_v3: jinaEmbeddingsV3,
  jina_xlm_roberta: jinaXlmRoberta,
  llama,
  minicpm,
  minicpm_layerwise: minicpmLayerwise,
  mistral,
  modernbert,
  mpnet,
  new: newModel,
  nomic_bert: nomicBert,
  qwen2,
  qwen3,
  roberta,
  'xlm-roberta': xlmRoberta,
};

/** The families that this package has: values of `model_type`, and its own names for those that share one with others. */
export type ModelType = keyof typeof byModelType;

/** Every architecture by the `model_type` of its config.json, or its own name. A new one is a file beside this and a line above. */
export const architectures: { readonly [Type in ModelType]: Architecture } = byModelType;
