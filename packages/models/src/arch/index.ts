import { albert } from './albert.js';
import type { Architecture } from './architecture.js';
import { bert } from './bert.js';
import { debertaV2 } from './deberta-v2.js';
import { distilbert } from './distilbert.js';
import { electra } from './electra.js';
import { gte, newModel } from './gte.js';
import { modernbert } from './modernbert.js';
import { mpnet } from './mpnet.js';
import { nomicBert } from './nomic-bert.js';
import { roberta, xlmRoberta } from './roberta.js';

const byModelType = {
  albert,
  bert,
  'deberta-v2': debertaV2,
  distilbert,
  electra,
  gte,
  modernbert,
  mpnet,
  new: newModel,
  nomic_bert: nomicBert,
  roberta,
  'xlm-roberta': xlmRoberta,
};

/** The values of `model_type` that this package reads. */
export type ModelType = keyof typeof byModelType;

/** Every architecture by the `model_type` of its config.json. A new one is a file beside this and a line above. */
export const architectures: { readonly [Type in ModelType]: Architecture } = byModelType;
