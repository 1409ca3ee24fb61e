import type { ModelType } from '../config.js';
import type { Architecture } from './architecture.js';
import { bert } from './bert.js';
import { roberta } from './roberta.js';

/** Every architecture by the `model_type` of its config.json. A new one is a file beside this and a line here. */
export const architectures: { readonly [Type in ModelType]: Architecture } = {
  bert,
  roberta,
  'xlm-roberta': roberta,
};
