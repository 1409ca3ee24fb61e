import { type Implementation, implementations, type TokenizerRow } from './compare-tokenizers.js';
import { number, table, times } from './markdown.js';

const names: Readonly<Record<Implementation, (workers: number) => string>> = {
  ours: () => 'ours',
  workers: (count) => `ours, ${count} worker threads`,
  library: () => '@huggingface/tokenizers',
  native: () => 'native',
};

/** What `compareTokenizers` found so far, in markdown. */
export function tokenizersSection(rows: readonly TokenizerRow[]): string[] {
  const workers = rows[0]?.workers ?? 0;
  const heads = implementations.map((name) => names[name](workers));
  const cells = (row: TokenizerRow, of: (name: Implementation) => string): string[] => [
    `${row.tokenizer}, ${row.kind}, ${row.language}`,
    ...implementations.map((name) => (row.by ? of(name) : 'not run')),
  ];
  const differing = rows.flatMap(({ tokenizer, language, by }) =>
    implementations
      .filter((name) => by && by[name].hash !== by.native.hash)
      .map((name) => `${names[name](workers)} on ${tokenizer}, ${language}`),
  );
  return [
    'Texts to ids without special tokens: the Chinese texts are all strings of T2Ranking rows, the English ones this repository’s markdown. `native` is the Rust library (npm `tokenizers`) in one thread, ids fetched into JavaScript; the others but the worker threads run in one thread too. Each run opens the tokenizer anew and leaves out the first tenth of the texts.',
    'Thousand tokens per second, medians.',
    table(
      ['', ...heads, 'ours ÷ native', 'ours ÷ library'],
      rows.map((row) => [
        ...cells(row, (name) => number(row.by![name].tokensPerSecond / 1000)),
        times(row.by && row.by.ours.tokensPerSecond / row.by.native.tokensPerSecond),
        times(row.by && row.by.ours.tokensPerSecond / row.by.library.tokensPerSecond),
      ]),
    ),
    'Milliseconds until the tokenizer is open, its JSON parsed (worker threads: until all have opened it), and MiB that this adds to the process.',
    table(
      ['', ...heads.flatMap((name) => [`${name} ms`, 'MiB'])],
      rows
        .filter(({ language }) => language === 'Chinese')
        .map((row) => [
          `${row.tokenizer}, ${row.kind}`,
          ...implementations.flatMap((name) =>
            row.by ? [number(row.by[name].openMs), number(row.by[name].heldMb)] : ['not run', 'not run'],
          ),
        ]),
    ),
    differing.length === 0
      ? 'All of them gave the same ids.'
      : `Ids other than the native ones: ${differing.join('; ')}.`,
  ];
}
