import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { epochBatches, openDataset, type PointwiseExample, pointwise } from '@rag/data';
import { openFile } from '@rag/data/node';
import { batchByTokens, type EncodedIds, Tokenizer } from '@rag/text';

/** A query and a passage with their token ids. */
export interface EncodedExample {
  readonly example: PointwiseExample;
  /** Its number in the data. */
  readonly index: number;
  readonly encoded: EncodedIds;
}

/** Rows that are computed at once. */
export type Part = readonly EncodedExample[];

/** `sorted`: rows of like length share a batch, the longest first; `random`: as the Python original draws them. */
export type Order = 'sorted' | 'random';

/** Opens the tokenizer of a directory: tokenizer.json, or vocab.txt where there is none. */
export function openTokenizer(directory: string): Tokenizer {
  const text = (name: string): string | undefined => {
    const path = join(directory, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  const [json, config, vocabTxt] = [text('tokenizer.json'), text('tokenizer_config.json'), text('vocab.txt')];
  return Tokenizer.fromFiles({
    tokenizerJson: json === undefined ? undefined : JSON.parse(json),
    tokenizerConfig: config === undefined ? undefined : JSON.parse(config),
    ...(vocabTxt === undefined ? {} : { vocabTxt }),
  });
}

/** Every pair of a JSONL file in file order, encoded. */
export async function encodeFile(
  path: string,
  encode: (query: string, passage: string) => EncodedIds,
): Promise<EncodedExample[]> {
  const dataset = await openDataset([await openFile(path)], pointwise());
  const examples: EncodedExample[] = [];
  for (let index = 0; index < dataset.length; index++) {
    const example = await dataset.example(index, 0);
    examples.push({ example, index, encoded: encode(example.query, example.content) });
  }
  await dataset.close();
  return examples;
}

const lengthOf = ({ encoded }: EncodedExample): number => encoded.input_ids.length;

/** Rows times the longest of them: what a padded batch computes. */
export const cellsOf = (part: Part): number => part.length * Math.max(...part.map(lengthOf));

/** An epoch's batches, or as many of them at equal distances, so that all lengths are among them. */
export function epochOf(
  examples: readonly EncodedExample[],
  options: { order: Order; batchSize: number; batches?: number },
): Part[] {
  const { order, batchSize } = options;
  const rows =
    order === 'sorted'
      ? batchByTokens(examples.map(lengthOf), { maxTokens: Number.MAX_SAFE_INTEGER, maxRows: batchSize })
          .batches
      : epochBatches(examples.length, 0, { seed: 1, batchSize }).map(({ indices }) => Array.from(indices));
  return atEqualDistances(rows, options.batches).map((indices) => indices.map((index) => examples[index]!));
}

/** So many of a list at equal distances; all of it where no number is given. */
export function atEqualDistances<T>(list: readonly T[], count = list.length): T[] {
  const wanted = Math.min(count, list.length);
  return Array.from({ length: wanted }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / wanted)]!);
}

/** A batch in parts of at most `maxCells` padded cells, in its order; one row at least. */
export function partsOf(batch: Part, maxCells: number): Part[] {
  const parts: EncodedExample[][] = [];
  for (const row of batch) {
    const last = parts.at(-1);
    if (last && cellsOf([...last, row]) <= maxCells) last.push(row);
    else parts.push([row]);
  }
  return parts;
}
