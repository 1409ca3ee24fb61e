import {
  type Checkpoint,
  type EncoderConfig,
  parametersOf,
  poolerOf,
  poolerParameters,
  type Weights,
  weightsInMemory,
  weightsOfCheckpoint,
} from '@rag/models';
import type { Graph } from '@rag/onnx';
import { embeddingConfig } from './embedding-config.js';
import { expectStated, readEmbeddingFiles } from './embedding-files.js';
import { embeddingGraph } from './embedding-graph.js';
import type { PoolingMode } from './embedding-head.js';
import type { EmbeddingParts } from './embedding-options.js';
import { defaultSettings } from './embedding-settings.js';
import { eosTokenizer } from './eos-tokenizer.js';
import type { EmbeddingToOpen } from './open-embedding.js';

/**
 * A checkpoint's weights and head: the encoder's in place where its files are on this machine, those of Dense modules in memory.
 * @throws as `readEmbeddingFiles` and `weightsOfCheckpoint`
 */
export async function checkpointToOpen(
  checkpoint: Checkpoint,
  config: EncoderConfig,
  modes: readonly PoolingMode[] | undefined,
  task: string | undefined,
): Promise<EmbeddingToOpen & { readonly graph: Graph }> {
  const files = await readEmbeddingFiles(checkpoint.source, config, modes);
  expectStated(files, config);
  const { head, settings, weights: dense } = files;
  const graph = embeddingGraph(config, head);
  const wanted = parametersOf(graph).filter(({ name }) => !dense.has(name));
  const adapter = task === undefined ? {} : { task };
  const encoder = await weightsOfCheckpoint(checkpoint, config, wanted, { newHead: false, ...adapter });
  const weights: Weights = {
    ...encoder,
    sources: new Map([...encoder.sources, ...[...dense].map(([name, data]) => [name, { data }] as const)]),
    read: async (name) => dense.get(name) ?? encoder.read(name),
    elements: async (name) => dense.get(name) ?? (encoder.elements ?? encoder.read)(name),
  };
  const pooler = poolerOf(checkpoint, config, task);
  const tokenizerFiles = eosTokenizer(checkpoint.tokenizerFiles, config);
  return { config, head, settings, graph, tokenizerFiles, weights, pooler };
}

/** Parameters in memory. @throws RangeError for those that are missing, foreign, of another size, or too large together */
export function partsToOpen({
  config,
  head,
  settings = defaultSettings,
  tokenizerFiles,
  weights,
  pooler = new Map(),
}: EmbeddingParts): EmbeddingToOpen & { readonly graph: Graph } {
  const graph = embeddingGraph(config, head);
  if (pooler.size > 0) weightsInMemory(pooler, poolerParameters(config));
  return {
    config: embeddingConfig(config),
    head,
    settings,
    graph,
    tokenizerFiles: eosTokenizer(tokenizerFiles, config),
    weights: weightsInMemory(weights, parametersOf(graph)),
    pooler: new Map([...pooler].map(([name, data]) => [name, async () => data])),
  };
}
