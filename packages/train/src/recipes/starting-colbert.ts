import { ColBERT, type ColbertParts, type ColbertSettings } from '@rag/colbert';
import { colbertParameters, linearProjection, ragRetrievalSettings } from '@rag/colbert/training';
import { initializeParameters, longestSequence, parseEncoderConfig } from '@rag/models';
import type { CompleteColbertConfig } from '../config/colbert-config.js';
import type { RunFiles } from '../run-files.js';
import {
  type ModelSettings,
  modelSettingNames,
  openModelSource,
  type StartingParts,
} from './model-source.js';
import { openModel } from './open-model.js';

/** What training of a ColBERT model starts from. */
export interface StartingColbert extends ColbertParts, Pick<StartingParts, 'fresh' | 'base'> {
  /** The same, ready to encode and score. */
  readonly model: ColBERT;
}

type Settings = ModelSettings & Pick<CompleteColbertConfig, 'seed' | 'colbertDim' | 'compat'>;

/** RAG-Retrieval's width where neither settings nor model name one. */
const COLBERT_DIM = 768;

/**
 * Opens a ColBERT directory of any layout, a bare encoder (its projection is fresh then, of `colbert_dim`), or fresh
 * weights.
 * @throws what `openModelSource` and `ColBERT.fromPretrained` throw, with the model's name
 */
export const openStartingColbert = (
  files: RunFiles,
  settings: Settings,
  options: { threads: number },
): Promise<StartingColbert> =>
  openModel(settings.modelNameOrPath, () => open(files, settings, options), {
    ...modelSettingNames,
    colbertDim: 'colbert_dim',
    compat: 'compat',
  });

async function open(
  files: RunFiles,
  settings: Settings,
  { threads }: { threads: number },
): Promise<StartingColbert> {
  const { seed, colbertDim, compat } = settings;
  const source = await openModelSource(files, settings);
  const { base } = source;
  if (source.kind === 'config') {
    const config = parseEncoderConfig(source.json);
    const layout: ColbertSettings = ragRetrievalSettings(
      linearProjection(config.hidden_size, colbertDim ?? COLBERT_DIM, true),
      longestSequence(config),
    );
    const weights = initializeParameters(colbertParameters(config, layout), config, seed);
    const parts = { config, settings: layout, tokenizerFiles: source.tokenizerFiles, weights };
    return {
      ...parts,
      base,
      model: await ColBERT.fromParts(parts, { threads, compat }),
      fresh: [...weights.keys()],
    };
  }
  const { checkpoint } = source;
  const width = colbertDim === undefined ? { freshDim: COLBERT_DIM } : { colbertDim };
  const options = { threads, seed, compat, ...width };
  const model = await ColBERT.fromCheckpoint(checkpoint, options);
  try {
    return { ...(await model.readParts()), model, base, fresh: model.initialized };
  } catch (error) {
    model.dispose();
    throw error;
  }
}
