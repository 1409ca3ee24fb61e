import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { numbersOf, ours } from './child.js';

/** What tokenized: `tokenizers.ts --by`. */
export const implementations = ['ours', 'workers', 'library', 'native'] as const;
export type Implementation = (typeof implementations)[number];

/** One tokenizer of each kind, by the name of its directory. */
const tokenizers = {
  'bert-base-chinese': 'WordPiece',
  'qwen2.5': 'byte-level BPE',
  'xlm-roberta-base': 'Unigram',
} as const;

/** One tokenizer in one implementation, over texts of one language. */
export interface TokenizerMeasured {
  readonly tokens: number;
  /** Of all ids. */
  readonly hash: number;
  readonly tokensPerSecond: number;
  readonly openMs: number;
  /** MiB that opening it added to the process. */
  readonly heldMb: number;
}

/** A tokenizer on texts of one language, in each implementation; without `by` its files are not there. */
export interface TokenizerRow {
  readonly tokenizer: string;
  readonly kind: string;
  readonly language: 'Chinese' | 'English';
  readonly workers: number;
  readonly by?: Readonly<Record<Implementation, TokenizerMeasured>>;
}

export interface TokenizersOptions {
  /** Holds a directory for each tokenizer. */
  readonly folder: string;
  /** JSON lines whose strings are the Chinese texts; the English ones are this repository's. */
  readonly chinese: string;
  readonly runs: number;
  readonly workers: number;
  /** Most texts of a language. */
  readonly most: number | undefined;
}

/** Every tokenizer in every implementation, each in a process of its own. */
export async function* compareTokenizers(options: TokenizersOptions): AsyncGenerator<TokenizerRow> {
  const { folder, chinese, runs, workers, most } = options;
  const texts = { Chinese: [chinese], English: englishTexts() } as const;
  for (const [tokenizer, kind] of Object.entries(tokenizers))
    for (const language of ['Chinese', 'English'] as const) {
      const row = { tokenizer, kind, language, workers };
      const directory = join(folder, tokenizer);
      if (!existsSync(join(directory, 'tokenizer.json'))) {
        yield row;
        continue;
      }
      const by: Partial<Record<Implementation, TokenizerMeasured>> = {};
      for (const name of implementations) {
        const report = await ours(
          'tokenizers.ts',
          directory,
          ...['--by', name, '--runs', String(runs), '--workers', String(workers)],
          ...(most === undefined ? [] : ['--most', String(most)]),
          ...texts[language].flatMap((file) => ['--texts', file]),
        );
        by[name] = numbersOf(report, 'tokens', 'hash', 'tokensPerSecond', 'openMs', 'heldMb');
      }
      yield { ...row, by: by as Record<Implementation, TokenizerMeasured> };
    }
}

/** The English markdown of this repository. */
function englishTexts(): string[] {
  const root = join(import.meta.dirname, '..');
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`);
  return ['README.md', 'CODEMAP.md', 'CONTRIBUTING.md', 'bench/RESULTS.md', ...packages]
    .map((name) => join(root, name))
    .filter((file) => existsSync(file));
}
