import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initializeParameters, parseEncoderConfig } from '@rag/models';
import { filesOfDirectory, type HubServer } from '@rag/models/testing';
import { YesNoReranker } from '@rag/reranker';
import { causalParameters } from '@rag/reranker/training';
import { writeFiles } from './original-files.js';
import { writeTinyEmbedding, writeTinyReranker } from './tiny-retrievers.js';
import { writeTinyRun } from './tiny-run.js';

const fixture = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Tokens that the models here may take, as many as those whose names they have. */
const POSITIONS = 4096;

/** A BERT of one layer. */
const small = {
  max_position_embeddings: POSITIONS,
  num_hidden_layers: 1,
  hidden_size: 16,
  intermediate_size: 32,
};

/** What LoRA of the ranks of the originals fits into. */
const HIDDEN = 64;
const wide = {
  max_position_embeddings: POSITIONS,
  num_attention_heads: 1,
  num_key_value_heads: 1,
  head_dim: HIDDEN,
  intermediate_size: HIDDEN,
};

/** The files of a directory, its config.json changed. */
async function changed(directory: string, change: object): Promise<Record<string, Uint8Array | string>> {
  const config = JSON.parse(await readFile(join(directory, 'config.json'), 'utf8'));
  return {
    ...(await filesOfDirectory(directory)),
    'config.json': JSON.stringify({ ...config, ...change }),
  };
}

/** Writes a decoder of fresh weights that is asked for its answer. */
async function writeDecoder(tokenizer: string, json: object, directory: string): Promise<void> {
  const config = parseEncoderConfig({ ...json, ...wide, hidden_size: HIDDEN });
  const text = (name: string) => readFile(join(tokenizer, name), 'utf8');
  const model = await YesNoReranker.fromParts({
    config,
    tokenizerFiles: {
      'tokenizer.json': await text('tokenizer.json'),
      'tokenizer_config.json': await text('tokenizer_config.json'),
    },
    weights: initializeParameters(causalParameters(config), config, 3),
  });
  await model.savePretrained(directory);
  model.dispose();
}

/** As config.json of bge-reranker-v2-minicpm-layerwise states it, with heads behind two layers. */
const layerwise = {
  model_type: 'minicpm',
  architectures: ['LayerWiseMiniCPMForCausalLM'],
  auto_map: { AutoModelForCausalLM: 'modeling_minicpm_reranker.LayerWiseMiniCPMForCausalLM' },
  vocab_size: 425,
  num_hidden_layers: 9,
  hidden_act: 'silu',
  initializer_range: 0.3,
  rms_norm_eps: 1e-5,
  scale_depth: 1.4,
  scale_emb: 3,
  dim_model_base: 4,
  start_layer: 8,
  head_type: 'simple',
  head_multi: true,
  pad_token_id: 424,
};

/** Writes a decoder that embeds, whose tokenizer has these tokens too. */
async function writeLlmEmbedding(model: string, tokens: readonly string[], directory: string): Promise<void> {
  const read = async (name: string) => JSON.parse(await readFile(join(model, name), 'utf8'));
  const [config, tokenizer] = [await read('config.json'), await read('tokenizer.json')];
  const added = tokens.map((content, i) => ({
    ...{ id: config.vocab_size + i, content, special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  }));
  const json = { ...config, ...wide, hidden_size: HIDDEN, vocab_size: config.vocab_size + tokens.length };
  const fresh = `${directory}-config`;
  await writeFiles(fresh, {
    'config.json': JSON.stringify(json),
    'tokenizer_config.json': await readFile(join(model, 'tokenizer_config.json'), 'utf8'),
    'tokenizer.json': JSON.stringify({ ...tokenizer, added_tokens: [...tokenizer.added_tokens, ...added] }),
  });
  await writeTinyEmbedding(fresh, directory, {}, 'lasttoken');
}

/**
 * Writes tiny language models: a Gemma that answers, a layer-wise MiniCPM with heads behind its last two layers, and one that embeds.
 * @param layers of the layer-wise one
 */
export async function writeDecoders(
  folder: string,
  { layers }: { readonly layers: number },
): Promise<Record<'answering' | 'layerwise' | 'embedder', string>> {
  const at = (name: string): string => join(folder, name);
  const gemma = fixture('reranker/src/fixtures/gemma-yes');
  await writeDecoder(gemma, JSON.parse(await readFile(join(gemma, 'config.json'), 'utf8')), at('gemma'));
  const numbers = { num_hidden_layers: layers + 1, start_layer: layers };
  await writeDecoder(gemma, { ...layerwise, ...numbers }, at('layerwise'));
  const qwen3 = fixture('embedding/src/fixtures/qwen3-embedding');
  await writeLlmEmbedding(qwen3, ['<instruct>', '<query>'], at('llm-embedding'));
  return { answering: at('gemma'), layerwise: at('layerwise'), embedder: at('llm-embedding') };
}

/**
 * Puts a tiny checkpoint onto the hub under each name that the commands of the originals have, and into their folders under each path.
 * @param folder to write them in
 */
export async function addOriginalModels(hub: HubServer, folder: string, root: string): Promise<void> {
  const { model: config } = await writeTinyRun(folder);
  const path = join(config, 'config.json');
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...small }));
  const at = (name: string): string => join(folder, name);
  await writeTinyEmbedding(config, at('embedding'), {}, 'cls');
  await writeTinyReranker(config, at('reranker'));
  const { answering, layerwise, embedder } = await writeDecoders(folder, { layers: 8 });
  const embedding = await filesOfDirectory(at('embedding'));
  const reranker = await filesOfDirectory(at('reranker'));
  const bare = ['config.json', 'tokenizer.json', 'model.safetensors'];
  hub.add('hfl/chinese-roberta-wwm-ext', Object.fromEntries(bare.map((name) => [name, embedding[name]!])));
  for (const name of ['bge-base-zh-v1.5', 'bge-large-zh-v1.5', 'bge-large-en-v1.5', 'bge-m3'])
    hub.add(`BAAI/${name}`, embedding);
  for (const name of ['bge-reranker-base', 'bge-reranker-v2-m3']) hub.add(`BAAI/${name}`, reranker);
  const positions = { max_position_embeddings: POSITIONS };
  hub.add('BAAI/bge-reranker-v2-gemma', await filesOfDirectory(answering));
  hub.add('BAAI/bge-reranker-v2-minicpm-layerwise', await filesOfDirectory(layerwise));
  const qwen = await changed(fixture('reranker/src/fixtures/qwen2-scalar'), positions);
  hub.add('Qwen/Qwen2.5-1.5B', qwen);
  hub.add(
    'Alibaba-NLP/gte-Qwen2-7B-instruct',
    await changed(fixture('embedding/src/fixtures/gte-qwen2'), positions),
  );
  hub.add('BAAI/bge-multilingual-gemma2', await filesOfDirectory(embedder));
  for (const [name, files] of [
    ['bge-reranker-m3-base', reranker],
    ['Qwen2.5-1.5B-Instruct', qwen],
  ] as const) {
    await writeFiles(join(root, 'rag_retrieval/train/reranker', name), files);
  }
}
