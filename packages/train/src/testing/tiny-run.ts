import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWordPieceVocabulary, wordPieceTokenizerJson } from '@rag/text';

/** A file of the repository's example data. */
export const exampleData = (name: string): string =>
  fileURLToPath(new URL(`../../../../example_data/${name}`, import.meta.url));

/** What lies on disk for a run that takes a second. */
export interface TinyRun {
  /** A directory of config.json and tokenizer files, without weights. */
  readonly model: string;
  /** 12 rows of reranker.train.jsonl. */
  readonly train: string;
  /** 6 rows of reranker.dev.jsonl. */
  readonly val: string;
}

/** Writes a BERT of 2 layers and hidden size 32, with a vocabulary made from the rows that it is to learn. */
export async function writeTinyRun(folder: string): Promise<TinyRun> {
  const firstRows = async (name: string, count: number): Promise<string> => {
    const lines = (await readFile(exampleData(name), 'utf8')).split('\n').slice(0, count);
    const path = join(folder, name);
    await writeFile(path, `${lines.join('\n')}\n`);
    return path;
  };
  const train = await firstRows('reranker.train.jsonl', 12);
  const val = await firstRows('reranker.dev.jsonl', 6);
  const rows = (await readFile(train, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line): { query: string; pos: string[]; neg: string[] } => JSON.parse(line));
  const texts = rows.flatMap(({ query, pos, neg }) => [query, ...pos, ...neg]);
  const vocabulary = buildWordPieceVocabulary(texts, { size: 800 });
  const model = join(folder, 'tiny-bert');
  await mkdir(model);
  await writeFile(
    join(model, 'tokenizer.json'),
    JSON.stringify(wordPieceTokenizerJson(vocabulary, { lowercase: true })),
  );
  await writeFile(
    join(model, 'config.json'),
    JSON.stringify({
      model_type: 'bert',
      architectures: ['BertModel'],
      vocab_size: vocabulary.length,
      hidden_size: 32,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      intermediate_size: 64,
      hidden_act: 'gelu',
      hidden_dropout_prob: 0.1,
      attention_probs_dropout_prob: 0.1,
      max_position_embeddings: 64,
      type_vocab_size: 2,
      initializer_range: 0.02,
      layer_norm_eps: 1e-12,
      pad_token_id: 0,
    }),
  );
  return { model, train, val };
}
