/**
 * Compares the ids of @rag/text with the native `tokenizers` on full tokenizer files.
 *
 *     npx tsx scripts/tokenizer-parity.ts <directory of tokenizer directories> <jsonl>
 *
 * Lines: every string of the JSONL, seeded hard strings, pairs with an empty text, every code point.
 * Prints how many differ and exits with 1 when any does.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import native from 'tokenizers';
import { createNormalizer } from '../packages/text/src/normalizer.js';
import { Tokenizer } from '../packages/text/src/tokenizer.js';

const SEED = 20261121;
const [directory, jsonl] = process.argv.slice(2);
if (!directory || !jsonl) throw new Error('usage: tokenizer-parity.ts <directory of tokenizers> <jsonl>');

/** mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ALPHABETS = [
  'abcdefghij KLMNOP .,!?\'"-',
  '的一是不了人我在有他这中大来上国',
  ' \t\n\r\u00a0\u3000\u200b\u2581',
  'áéíñçüÀÉΣσİŁß\u0301\u0327\u0302',
  '𠀀𠀁𪜀㐀豈',
  '😀👍🏽\u200d❤\ufe0f🇨🇳',
  'あいうカキクｶﾞ゛\u3099',
  '가나다\u1100\u1161\u11a8',
  '\x00\x01\x7f\ufffd\u0085\ufeff\ue000',
  'ไทยกำ हिन्दी עִברית العربيّة',
];

function hardStrings(count: number): string[] {
  const random = generator(SEED);
  const below = (n: number) => Math.floor(random() * n);
  const codePoint = () => {
    const point = below([0x250, 0x3000, 0x10000, 0x20000, 0x110000][below(5)]!);
    return String.fromCodePoint(point >= 0xd800 && point < 0xe000 ? 0x41 : point);
  };
  return Array.from({ length: count }, () => {
    let text = '';
    for (let part = 0; part <= below(5); part += 1) {
      const alphabet = [...ALPHABETS[below(ALPHABETS.length)]!];
      for (let i = 0; i <= below(10); i += 1)
        text += below(4) === 0 ? codePoint() : alphabet[below(alphabet.length)];
    }
    return text;
  });
}

function cycled(unit: string, length: number): string {
  const points = [...unit];
  return Array.from({ length }, (_, i) => points[i % points.length]).join('');
}

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}

const corpus = readFileSync(jsonl, 'utf8')
  .split('\n')
  .filter(Boolean)
  .flatMap((line) => stringsOf(JSON.parse(line)));
const long = ['今天天气不错,', 'Hello, naïve world ', 'x', '𠀀😀中a ', '\x01\u200b', 'ab中'].map((unit) =>
  cycled(unit, 10_000),
);
const hard = ['', ' ', '\n', ...long, cycled('中文word', 200_000), ...hardStrings(20_000)];
let failed = false;

function report(what: string, lines: number, tokens: number, differing: string[]): void {
  failed ||= differing.length > 0;
  console.log(`  ${what}: ${lines} lines, ${tokens} ids, ${differing.length} differ`);
  for (const text of differing.slice(0, 3)) console.log(`    ${JSON.stringify(text.slice(0, 120))}`);
}

function read(name: string, file: string): string | undefined {
  const path = join(directory!, name, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

async function compare(
  what: string,
  ours: Tokenizer,
  theirs: native.Tokenizer,
  lines: string[],
): Promise<void> {
  const differing: string[] = [];
  let tokens = 0;
  for (let start = 0; start < lines.length; start += 1000) {
    const batch = lines.slice(start, start + 1000);
    const encodings = await theirs.encodeBatch(batch);
    batch.forEach((text, i) => {
      const expected = encodings[i]!.getIds();
      const { input_ids } = ours.encode(text);
      tokens += expected.length;
      if (expected.length !== input_ids.length || expected.some((id, j) => id !== input_ids[j]))
        differing.push(text);
    });
  }
  report(what, lines.length, tokens, differing);
}

async function comparePairs(ours: Tokenizer, theirs: native.Tokenizer, texts: string[]): Promise<void> {
  const differing: string[] = [];
  let tokens = 0;
  const pairs = texts.slice(1).map((text, i): [string, string] => [texts[i]!, i % 10 === 0 ? '' : text]);
  for (const [query, passage] of pairs) {
    const encoding = await theirs.encode(query, passage);
    const { input_ids, token_type_ids } = ours.encodePair(query, passage);
    tokens += input_ids.length;
    if (
      encoding.getIds().join() !== input_ids.join() ||
      encoding.getTypeIds().join() !== token_type_ids.join()
    )
      differing.push(`${query} | ${passage}`);
  }
  report('pairs (every tenth with an empty second text)', pairs.length, tokens, differing);
}

for (const name of readdirSync(directory).sort()) {
  const text = read(name, 'tokenizer.json');
  if (text === undefined) continue;
  const json = JSON.parse(text) as { normalizer: unknown };
  const config = read(name, 'tokenizer_config.json');
  const tokenizerConfig: unknown = config === undefined ? undefined : JSON.parse(config);
  const started = performance.now();
  const ours = Tokenizer.fromFiles({ tokenizerJson: json, tokenizerConfig });
  console.log(
    `${name}: vocabSize ${ours.vocabSize}, loaded in ${Math.round(performance.now() - started)} ms`,
  );
  const theirs = native.Tokenizer.fromString(text);
  theirs.disableTruncation();
  theirs.disablePadding();
  await compare('corpus', ours, theirs, corpus);
  await compare('hard strings', ours, theirs, hard);
  await comparePairs(ours, theirs, hard.slice(-2000));
  const normalizer = createNormalizer(json.normalizer);
  const oracle = theirs.getNormalizer();
  const differing: string[] = [];
  for (let point = 0; oracle && point < 0x110000; point += 1) {
    if (point >= 0xd800 && point < 0xe000) continue;
    const probe = `a${String.fromCodePoint(point)}b`;
    if (oracle.normalizeString(probe) !== normalizer(probe)) differing.push(`U+${point.toString(16)}`);
  }
  report('normalizer over every code point', 0x110000 - 0x800, 0, differing);
  const vocabTxt = read(name, 'vocab.txt');
  if (vocabTxt !== undefined)
    await compare(
      'vocab.txt alone',
      Tokenizer.fromFiles({ vocabTxt, tokenizerConfig }),
      theirs,
      corpus.concat(hard),
    );
}
process.exitCode = failed ? 1 : 0;
