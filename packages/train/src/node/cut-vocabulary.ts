import { type ByteSource, DataError, type Line, parseLine, readLines } from '@rag/data';
import { cutCheckpoint, openCheckpoint, vocabularyNeeds } from '@rag/models';
import { type HubOptions, openHubOrDirectory, saveCheckpoint } from '@rag/models/node';
import { countPieces, openTokenizer, type Tokenizer } from '@rag/text';
import { openSources } from '../run-files.js';
import { nodeFiles } from './node-files.js';

/** What is cut, by which texts, and where to. */
export interface CutVocabularyOptions {
  /** A directory, or a name of the hub. */
  readonly model: string;
  /** JSON lines, of which every string counts as a text, or `.txt` with a text per line. */
  readonly corpus: readonly string[];
  /** The directory to write. */
  readonly output: string;
  /** How often the corpus must use a piece for it to stay. @default 1 */
  readonly minCount?: number;
  /** Files as `corpus`, of which no piece is kept: how many of their texts the cut changes is counted. */
  readonly heldOut?: readonly string[];
  /** Write into a directory that holds other files, too. @default false */
  readonly overwrite?: boolean;
  /** For a model that is named by its place on the hub. */
  readonly hub?: HubOptions;
}

/** How many of some texts have other pieces after a cut. */
export interface ChangedTexts {
  readonly texts: number;
  readonly changed: number;
}

/** What a cut did. */
export interface CutReport {
  readonly tokens: { readonly before: number; readonly after: number };
  /** Elements of all tensors. */
  readonly parameters: { readonly before: number; readonly after: number };
  readonly corpus: ChangedTexts;
  readonly heldOut?: ChangedTexts;
  /** Files of the model that the cut does not have. */
  readonly leftOut: readonly string[];
}

/**
 * Writes a model whose vocabulary is what a corpus uses, with its prompts and settings. With `minCount` 1 the corpus keeps its pieces
 * and the model what it gives for them, bit by bit; that is looked at before anything is written. Other texts are spelled by
 * the pieces that stay. The corpus is read twice and never held.
 * @throws DataError for a line that cannot be read; RangeError for a corpus without texts and a model that cannot be cut;
 * TokenizerError, FileSourceError, SaveRefusedError
 */
export async function cutVocabulary(options: CutVocabularyOptions): Promise<CutReport> {
  const { model, corpus, output, minCount = 1, heldOut, overwrite = false, hub } = options;
  const checkpoint = await openCheckpoint(await openHubOrDirectory(model, hub));
  const needs = await vocabularyNeeds(checkpoint);
  const counter = countPieces(checkpoint.tokenizerFiles, { lowercase: needs.lowercase });
  const prompted = (text: string) => [text, ...needs.prompts.map((prompt) => prompt + text)];
  for (const text of ['', ...needs.tokens]) for (const each of prompted(text)) counter.add(each);
  for await (const text of textsOf(corpus)) for (const each of prompted(text)) counter.add(each);
  const cut = counter.cut({ minCount, keepTokens: needs.tokens, keepIds: needs.ids });
  const made = await cutCheckpoint(checkpoint, cut);
  const before = openTokenizer(checkpoint.tokenizerFiles);
  const changed = changedTexts(before, openTokenizer(cut.files), cut.ids, prompted);
  const report: CutReport = {
    tokens: { before: Number(checkpoint.config.vocab_size), after: cut.ids.length },
    parameters: made.parameters,
    corpus: await changed(textsOf(corpus)),
    ...(heldOut && { heldOut: await changed(textsOf(heldOut)) }),
    leftOut: made.leftOut,
  };
  if (report.corpus.texts === 0)
    throw new RangeError(`${corpus.join(', ')}: expected texts, got no string — give rows with texts`);
  if (minCount === 1 && report.corpus.changed > 0)
    throw new RangeError(
      `${model}: expected the corpus to keep its pieces, got ${report.corpus.changed} of ${report.corpus.texts} texts with others — please report this tokenizer; nothing was written`,
    );
  const { config, tensors, files } = made;
  await saveCheckpoint(output, { config, tensors, files }, { overwrite });
  return report;
}

function changedTexts(
  before: Tokenizer,
  after: Tokenizer,
  ids: readonly number[],
  prompted: (text: string) => readonly string[],
) {
  const isChanged = (text: string) => {
    const [old, own] = [before.encodePieces(text), after.encodePieces(text)];
    return old.length !== own.length || own.some((id, i) => ids[id] !== old[i]);
  };
  return async (texts: AsyncIterable<string>): Promise<ChangedTexts> => {
    const count = { texts: 0, changed: 0 };
    for await (const text of texts) {
      count.texts++;
      if (prompted(text).some(isChanged)) count.changed++;
    }
    return count;
  };
}

/** The strings of every row, or the lines of a `.txt`. */
async function* textsOf(paths: readonly string[]): AsyncGenerator<string> {
  const sources: readonly ByteSource[] = await openSources(nodeFiles, paths);
  try {
    for (const source of sources)
      for await (const line of readLines(source)) {
        if (source.name.endsWith('.txt')) yield* plainText(line);
        else if (line.bytes.some((byte) => !JSON_SPACE.includes(byte))) yield* stringsOf(parseLine(line));
      }
  } finally {
    for (const source of sources) await source.close();
  }
}

/** Space, tab and carriage return: a line of nothing else is blank. */
const JSON_SPACE = [0x20, 0x09, 0x0d];

function plainText({ at, bytes }: Line): string[] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.trim() === '' ? [] : [text];
  } catch {
    const remedy = 'save the file as UTF-8';
    throw new DataError('invalid-utf8', { at, expected: 'UTF-8', got: 'other bytes', remedy });
  }
}

/** Without recursion, since a row may be nested as deep as it likes. */
function* stringsOf(row: unknown): Generator<string> {
  const open = [row];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') yield value;
    else if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) open.push(inner);
  }
}
