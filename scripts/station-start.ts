import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildWordPieceVocabulary,
  openTokenizer,
  wordPieceTokenizerJson,
} from '../packages/text/src/index.js';
import { readFamily, withCharsmap } from '../packages/text/src/testing/family-fixtures.js';
import { exampleData } from '../packages/train/src/testing/tiny-run.js';

/** Under a folder, a config.json of transformers' own and tokenizer.json of the family, both cut small. */
export async function writeStart(architecture: string, folder: string): Promise<string> {
  const config = JSON.parse(
    await readFile(
      new URL(`../packages/models/src/fixtures/${architecture}/config.json`, import.meta.url),
      'utf8',
    ),
  );
  const tokenizerJson = await tokenizerOf(architecture);
  const tokenizer = openTokenizer({ 'tokenizer.json': JSON.stringify(tokenizerJson) });
  const directory = join(folder, 'configs', architecture);
  await mkdir(directory, { recursive: true });
  const sized = {
    ...config,
    vocab_size: tokenizer.vocabSize,
    pad_token_id: tokenizer.padId,
    max_position_embeddings: 66,
  };
  await writeFile(join(directory, 'config.json'), JSON.stringify(sized));
  await writeFile(join(directory, 'tokenizer.json'), JSON.stringify(tokenizerJson));
  return directory;
}

/** Tokenizers of each family's components: WordPiece of the rows, the others as Python trained or cut them for the fixtures. */
async function tokenizerOf(architecture: string): Promise<unknown> {
  const family = {
    albert: 'albert',
    'deberta-v2': 'deberta-v3',
    modernbert: 'modernbert',
    mpnet: 'mpnet',
    roberta: 'roberta',
  }[architecture];
  if (family !== undefined) return readFamily(family).tokenizer;
  if (architecture === 'xlm-roberta') {
    const fixture = new URL('../packages/text/src/fixtures/xlm-roberta-base.json', import.meta.url);
    const { tokenizer } = JSON.parse(await readFile(fixture, 'utf8'));
    return { ...tokenizer, normalizer: withCharsmap(tokenizer.normalizer) };
  }
  const rows = await readFile(exampleData('reranker.train.jsonl'), 'utf8');
  return wordPieceTokenizerJson(buildWordPieceVocabulary(rows.split('\n').slice(0, 40), { size: 800 }), {
    lowercase: true,
  });
}
