import { afterAll } from 'vitest';
import { CrossEncoder } from '../cross-encoder.js';
import { tinyConfig, tinyTokenizerFiles } from './tiny.js';
import { tinyParameters } from './tiny-checkpoint.js';

const opened: CrossEncoder[] = [];
afterAll(() => {
  for (const model of opened.splice(0)) model.dispose();
});

/** A model in memory that is disposed after the tests; `edit` changes its weights first. */
export async function openTiny(
  edit: (name: string, data: Float32Array) => void = () => {},
  config = tinyConfig(),
): Promise<CrossEncoder> {
  const weights = new Map(tinyParameters(config).map(({ name, data }) => [name, data]));
  for (const [name, data] of weights) edit(name, data);
  const model = await CrossEncoder.fromParts({ config, tokenizerFiles: tinyTokenizerFiles, weights });
  opened.push(model);
  return model;
}
