/**
 * Texts to ids by one tokenizer in one implementation: tokens per second, time and memory of opening it.
 *
 * Usage: npx tsx --conditions=@rag/source tokenizers.ts DIRECTORY --by ours|workers|library|native --texts FILE…
 *   [--runs N] [--workers N] [--most N]
 * DIRECTORY has a tokenizer.json. FILE is JSON lines, of which every string is a text, or markdown, of which every paragraph is.
 * `library` is @huggingface/tokenizers, `native` the Rust one in one thread; both as they come. Each run opens the tokenizer anew,
 * so that no cache knows the texts, and leaves out the first tenth of them, which warms the compiler up. Prints one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openTokenizer } from '@rag/text';
import { openTokenizerPool } from '@rag/text/node';
import { median } from './measure.js';

/** An open tokenizer: the ids of texts without special tokens, those of a text one behind the other. */
interface Opened {
  encode(texts: readonly string[]): Promise<readonly ArrayLike<number>[]> | readonly ArrayLike<number>[];
  close?(): Promise<void>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    by: { type: 'string', default: 'ours' },
    texts: { type: 'string', multiple: true },
    runs: { type: 'string', default: '3' },
    workers: { type: 'string', default: '2' },
    most: { type: 'string', default: 'Infinity' },
  },
});
const [directory] = positionals;
if (directory === undefined || values.texts === undefined)
  throw new RangeError('usage: tokenizers.ts DIRECTORY --by ours|workers|library|native --texts FILE…');
const json = readFileSync(join(directory, 'tokenizer.json'), 'utf8');
const texts = values.texts.flatMap(textsOf).slice(0, Number(values.most));
const warmUp = texts.slice(0, Math.ceil(texts.length / 10));
const measured = texts.slice(warmUp.length);

const ways: Readonly<Record<string, () => Opened | Promise<Opened>>> = {
  ours: () => {
    const tokenizer = openTokenizer({ 'tokenizer.json': json });
    return { encode: (asked) => asked.map((text) => tokenizer.encodePieces(text)) };
  },
  workers: async () => {
    const pool = await openTokenizerPool({ 'tokenizer.json': json }, { workers: Number(values.workers) });
    return {
      encode: async (asked) =>
        (await pool.encode(asked, { addSpecialTokens: false })).map(({ input_ids }) => input_ids),
      close: () => pool.dispose(),
    };
  },
  library: async () => {
    // It is a dependency of @rag/text, not of this folder.
    const { Tokenizer } = createRequire(import.meta.resolve('@rag/text'))('@huggingface/tokenizers') as {
      Tokenizer: new (
        tokenizerJson: unknown,
        config: object,
      ) => { encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] } };
    };
    const tokenizer = new Tokenizer(JSON.parse(json), {});
    return {
      encode: (asked) => asked.map((text) => tokenizer.encode(text, { add_special_tokens: false }).ids),
    };
  },
  native: async () => {
    process.env.RAYON_NUM_THREADS = '1';
    process.env.TOKENIZERS_PARALLELISM = 'false';
    const { default: native } = await import('tokenizers');
    const tokenizer = native.Tokenizer.fromString(json);
    tokenizer.disableTruncation();
    tokenizer.disablePadding();
    return {
      encode: async (asked) => {
        const ids: number[][] = [];
        for (let at = 0; at < asked.length; at += 256) {
          const part = asked.slice(at, at + 256);
          for (const encoding of await tokenizer.encodeBatch(part, { addSpecialTokens: false }))
            ids.push(encoding.getIds());
        }
        return ids;
      },
    };
  },
};
const open = ways[values.by];
if (open === undefined)
  throw new RangeError(`--by: expected ${Object.keys(ways).join(', ')}, got ${values.by}`);

const openMs: number[] = [];
const perSecond: number[] = [];
let heldMb = 0;
let tokens = 0;
let hash = 0;
for (let run = 0; run < Number(values.runs); run++) {
  const before = residentMb();
  const started = performance.now();
  const tokenizer = await open();
  openMs.push(performance.now() - started);
  if (run === 0) heldMb = residentMb() - before;
  await tokenizer.encode(warmUp);
  const begun = performance.now();
  const ids = await tokenizer.encode(measured);
  const seconds = (performance.now() - begun) / 1000;
  tokens = ids.reduce((sum, { length }) => sum + length, 0);
  perSecond.push(tokens / seconds);
  hash = hashOf(ids);
  await tokenizer.close?.();
}
console.log(
  JSON.stringify({
    tokenizer: directory.split(/[\\/]/).at(-1),
    by: values.by,
    texts: measured.length,
    characters: measured.reduce((sum, { length }) => sum + length, 0),
    tokens,
    hash,
    tokensPerSecond: Math.round(median(perSecond)),
    openMs: Math.round(median(openMs)),
    heldMb: Math.round(heldMb),
  }),
);

function textsOf(file: string): string[] {
  const content = readFileSync(file, 'utf8');
  if (/\.md$/i.test(file)) return content.split(/\n{2,}/).filter(Boolean);
  const strings = (value: unknown): string[] => {
    if (typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
  };
  return content
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => strings(JSON.parse(line)));
}

/** Resident memory in MiB, without what is garbage. */
function residentMb(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().rss / 2 ** 20;
}

/** FNV-1a over all ids, to see that they are the same. */
function hashOf(all: readonly ArrayLike<number>[]): number {
  let found = 0x811c9dc5;
  for (const ids of all) for (let i = 0; i < ids.length; i++) found = Math.imul(found ^ ids[i]!, 0x01000193);
  return found >>> 0;
}
