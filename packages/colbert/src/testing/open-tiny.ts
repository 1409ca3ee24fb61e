import { afterAll } from 'vitest';
import { ColBERT } from '../colbert.js';
import type { OpenOptions } from '../colbert-options.js';
import type { ColbertSettings } from '../colbert-settings.js';
import { tinyConfig, tinySettings, tinyTokenizerFiles, tinyWeights } from './tiny.js';

const opened: ColBERT[] = [];
afterAll(() => {
  for (const model of opened.splice(0)) model.dispose();
});

/** A model in memory that is disposed after the tests; `edit` changes its weights first. */
export async function openTiny(
  overrides: Partial<ColbertSettings> = {},
  options: OpenOptions = {},
  edit: (name: string, data: Float32Array) => void = () => {},
): Promise<ColBERT> {
  const [config, settings] = [tinyConfig(), tinySettings(overrides)];
  const weights = tinyWeights(config, settings);
  for (const [name, data] of weights) edit(name, data);
  const model = await ColBERT.fromParts(
    { config, settings, weights, tokenizerFiles: tinyTokenizerFiles },
    options,
  );
  opened.push(model);
  return model;
}
