import {
  expectWeights,
  longestSequence,
  type ParameterSpec,
  parametersOf,
  poolerParameters,
  type Weights,
  weightsInMemory,
} from '@rag/models';
import { colbertGraph } from './colbert-graph.js';
import type { ColbertFileParts, ColbertParts } from './colbert-options.js';
import { checkSettings } from './colbert-settings.js';
import type { ColbertToOpen, OpenedColbert } from './open-colbert.js';

/**
 * Parameters in memory, as a model is opened from them.
 * @throws RangeError for those that are missing, foreign, of another size, or too large together, and for settings that do not fit
 */
export function partsToOpen({
  config,
  settings,
  stated = {},
  tokenizerFiles,
  weights,
  pooler = new Map(),
}: ColbertParts): ColbertToOpen {
  checkSettings(settings, config.hidden_size, longestSequence(config));
  const held = weightsInMemory(weights, parametersOf(colbertGraph(config, settings)));
  if (pooler.size > 0) weightsInMemory(pooler, poolerParameters(config));
  const carried = new Map([...pooler].map(([name, data]) => [name, async () => data]));
  return { config, settings, stated, tokenizerFiles, weights: held, pooler: carried };
}

/** Every parameter by its name. @throws as `expectWeights` */
export async function readWeights({
  onnx,
  graph,
  weights,
}: OpenedColbert): Promise<Map<string, Float32Array>> {
  expectWeights(onnx);
  const read = new Map<string, Float32Array>();
  for (const { name } of parametersOf(graph)) read.set(name, await weights.read(name));
  return read;
}

/** An opened model's parts, whose weights are read one by one. */
export interface StoredColbert extends Omit<ColbertParts, 'weights' | 'pooler'> {
  readonly pooler: OpenedColbert['pooler'];
  readonly weights: Pick<Weights, 'read' | 'elements'> & { readonly parameters: readonly ParameterSpec[] };
}

/** An opened model as it is stored, @throws as `readWeights` */
export function storedParts({ onnx, graph, weights, ...opened }: OpenedColbert): StoredColbert {
  expectWeights(onnx);
  const { config, settings, stated, tokenizerFiles, pooler } = opened;
  return {
    config,
    settings,
    stated,
    tokenizerFiles,
    pooler,
    weights: { parameters: parametersOf(graph), ...weights },
  };
}

/** An opened model as `partsToOpen` takes it. @throws as `readWeights` */
export async function readParts(opened: OpenedColbert): Promise<ColbertParts> {
  const { config, settings, stated, tokenizerFiles } = opened;
  const pooler = new Map<string, Float32Array>();
  for (const [name, read] of opened.pooler) pooler.set(name, await read());
  return { config, settings, stated, tokenizerFiles, weights: await readWeights(opened), pooler };
}

/** The same of a model that is an ONNX file, without its weights; undefined for one of weights. */
export function filePartsOf(opened: OpenedColbert): ColbertFileParts | undefined {
  const { config, settings, stated, tokenizerFiles, output, projection } = opened;
  if (output === undefined) return undefined;
  return { config, settings, stated, tokenizerFiles, output, ...(projection && { projection }) };
}
