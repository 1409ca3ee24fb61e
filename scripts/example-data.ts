/**
 * Writes `example_data/` from the hand-written rows in `example_data/source/<language>.<topic>.json`
 * (`[{ query, pos: [passage, …] }, …]`): `npx tsx scripts/example-data.ts`. The same source gives the same bytes.
 *
 * Negatives are positives of other queries of the same language and split, and within a language and split every
 * passage is drawn as a negative equally often (± 1): what a passage looks like says nothing about its label.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export type Split = 'train' | 'dev';

/** A query with the passages that answer it and its drawn negatives. */
export interface ExampleRow {
  readonly language: string;
  readonly topic: string;
  readonly query: string;
  readonly pos: readonly string[];
  /** 5 to 15 passages. */
  readonly neg: readonly string[];
}

interface SourceRow {
  readonly language: string;
  readonly topic: string;
  readonly query: string;
  readonly pos: readonly string[];
}

/** Topics held out, in both languages; all others are for training. */
export const devTopics: readonly string[] = ['human-body', 'weather'];

/** Smallest and largest number of negatives drawn for a row, and the share of them from the row's own topic. */
const negatives = { least: 9, most: 15, hardShare: 0.7 };

/** FNV-1a over UTF-16 code units, then murmur3's finalizer: a number in [0, 1) that depends on the words alone. */
export function chance(...words: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const character of words.join('\u0000')) {
    hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** The items in an order drawn by `seed` and each item's key. */
function shuffled<T>(items: readonly T[], seed: string, key: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, rank: chance(seed, key(item)) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** Overlapping pairs of Han characters, or lower-case words elsewhere. */
export function terms(text: string): Set<string> {
  const found = new Set<string>();
  for (const [word] of text.toLowerCase().matchAll(/\p{Script=Han}+|[\p{L}\p{N}]+/gu)) {
    if (!/\p{Script=Han}/u.test(word)) found.add(word);
    for (let i = 0; i + 1 < word.length && /\p{Script=Han}/u.test(word); i++) found.add(word.slice(i, i + 2));
  }
  return found;
}

/** Share of the query's terms that the passage holds, in [0, 1]. */
export function overlap(query: string, passage: string): number {
  const asked = terms(query);
  const held = terms(passage);
  return [...asked].filter((term) => held.has(term)).length / Math.max(1, asked.size);
}

function readSource(directory: string): SourceRow[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  return files.sort().flatMap((name) => {
    const [language, topic] = name.split('.') as [string, string];
    const rows = JSON.parse(readFileSync(join(directory, name), 'utf8')) as {
      query: string;
      pos: string[];
    }[];
    return rows.map(({ query, pos }) => ({ language, topic, query, pos }));
  });
}

/** Draws the negatives of all rows of one language and split. */
function drawNegatives(rows: readonly SourceRow[]): ExampleRow[] {
  const { least, most, hardShare } = negatives;
  const wanted = rows.map((row) => least + Math.floor(chance('count', row.query) * (most - least + 1)));
  const drawn = rows.map(() => new Set<string>());
  const pool = rows.flatMap((row) => row.pos.map((text) => ({ text, owner: row })));
  const uses = new Map(pool.map(({ text }) => [text, 0]));
  const share = Math.floor(wanted.reduce((sum, n) => sum + n, 0) / pool.length);
  const take = (i: number, text: string) => {
    drawn[i]!.add(text);
    uses.set(text, uses.get(text)! + 1);
  };

  // Hard ones first: the pairs of one topic with the most shared terms, no passage above its fair share.
  const hard = rows.flatMap((row, i) =>
    pool
      .filter(({ owner }) => owner.topic === row.topic && owner !== row)
      .map(({ text }) => ({ i, text, near: overlap(row.query, text), tie: chance('hard', row.query, text) })),
  );
  hard.sort((a, b) => b.near - a.near || a.tie - b.tie);
  for (const { i, text } of hard) {
    if (drawn[i]!.size < Math.round(wanted[i]! * hardShare) && uses.get(text)! < share) take(i, text);
  }

  // Then one at a time for each row in turn, the least used passage of whatever topic; ties by seed.
  for (let round = 0; round < most; round++) {
    for (const [i, row] of rows.entries()) {
      if (drawn[i]!.size >= wanted[i]!) continue;
      const open = pool.filter(({ text, owner }) => owner !== row && !drawn[i]!.has(text));
      const cost = ({ text }: { text: string }) => uses.get(text)! + chance('rest', row.query, text);
      take(i, open.reduce((best, next) => (cost(next) < cost(best) ? next : best)).text);
    }
  }
  return rows.map((row, i) => ({ ...row, neg: shuffled([...drawn[i]!], row.query, (text) => text) }));
}

/** The rows of one split, languages and topics mixed in a seeded order. */
export function exampleRows(directory: string, split: Split): ExampleRow[] {
  const source = readSource(directory).filter((row) => devTopics.includes(row.topic) === (split === 'dev'));
  const languages = [...new Set(source.map((row) => row.language))];
  const rows = languages.flatMap((language) =>
    drawNegatives(source.filter((row) => row.language === language)),
  );
  return shuffled(rows, split, (row) => row.query);
}

const round = (value: number) => Math.round(value * 1000) / 1000;

/** A number in [0, 1] as a teacher would give it: high if the passage answers, else by the terms it shares. */
function teacherScore(row: ExampleRow, passage: string): number {
  const noise = chance('teacher', row.query, passage);
  if (row.pos.includes(passage)) return round(0.8 + 0.19 * noise);
  return round(Math.min(0.6, 0.02 + 0.6 * overlap(row.query, passage)) * (0.6 + 0.4 * noise));
}

/** 3 answers the query; 2 the negative that shares most terms with it; 1 shares at least one term; 0 none. */
function grade(row: ExampleRow, passage: string): number {
  if (row.pos.includes(passage)) return 3;
  const near = overlap(row.query, passage);
  if (near === 0) return 0;
  return row.neg.every((other) => overlap(row.query, other) <= near) ? 2 : 1;
}

/** One file in another shape: its rows, drawn from rows of the training split. */
const shapes: Readonly<Record<string, { take: number; write: (row: ExampleRow, i: number) => object[] }>> = {
  'scores.jsonl': {
    take: 10,
    write: (row) => {
      const { query, pos, neg } = row;
      const scores = (texts: readonly string[]) => texts.map((text) => teacherScore(row, text));
      return [{ query, pos, neg, pos_scores: scores(pos), neg_scores: scores(neg) }];
    },
  },
  'distill.jsonl': {
    take: 4,
    write: (row) =>
      [row.pos[0]!, ...row.neg.slice(0, 4)].map((content, i) => {
        const score = teacherScore(row, content);
        return { query: row.query, content, score: i % 2 === 1 ? String(score) : score };
      }),
  },
  'pointwise.jsonl': {
    take: 5,
    write: ({ query, pos, neg }) =>
      [pos[0]!, ...neg.slice(0, 3)].map((content, i) => ({ query, content, label: i === 0 ? 1 : 0 })),
  },
  'grouped.jsonl': {
    take: 8,
    write: (row) => {
      const hits = [...row.pos, ...row.neg].map((content) => ({ content, label: grade(row, content) }));
      return [{ query: row.query, hits: shuffled(hits, `hits ${row.query}`, (hit) => hit.content) }];
    },
  },
  'pair.jsonl': { take: 12, write: ({ query, pos }) => [{ query, pos }] },
  'triplet.jsonl': {
    take: 10,
    write: ({ language, query, pos, neg }) => [
      {
        query,
        pos,
        neg,
        prompt_for_query: language === 'zh' ? '为这个问题查找答案：' : 'Find passages that answer: ',
      },
    ],
  },
  'pair-scores.jsonl': {
    take: 10,
    write: (row) => {
      const pos = [...row.pos, ...row.neg.slice(0, 2)];
      return [{ query: row.query, pos, scores: pos.map((text) => teacherScore(row, text)) }];
    },
  },
};

/** Shape of each generated file and the part of the system that reads it. */
const table: readonly (readonly [name: string, shape: string, reader: string])[] = [
  [
    'reranker.train.jsonl',
    '`{query, pos[], neg[]}`',
    'reranker training; any trainer that takes hard negatives',
  ],
  [
    'reranker.dev.jsonl',
    '`{query, pos[], neg[]}`',
    'held-out evaluation: ranks `pos` and `neg` of each row together',
  ],
  [
    'scores.jsonl',
    '`{query, pos[], neg[], pos_scores[], neg_scores[]}`',
    'reranker with soft labels, group distillation',
  ],
  [
    'distill.jsonl',
    '`{query, content, score}`, some scores as strings',
    'reranker, pointwise with soft labels',
  ],
  ['pointwise.jsonl', '`{query, content, label}`, label 0 or 1', 'reranker, pointwise'],
  ['grouped.jsonl', '`{query, hits: [{content, label}]}`, label 0 to 3', 'reranker, pairwise and listwise'],
  ['pair.jsonl', '`{query, pos[]}`', 'embedding with in-batch negatives'],
  ['triplet.jsonl', '`{query, pos[], neg[], prompt_for_query}`', 'embedding and ColBERT with hard negatives'],
  [
    'pair-scores.jsonl',
    '`{query, pos[], scores[]}`, one score per passage',
    'embedding, distillation by scores',
  ],
];

/** Text of `example_data/README.md` for the given number of rows per file. */
function readme(counts: ReadonlyMap<string, number>): string {
  const rows = table.map(([name, shape, reader]) => {
    const count = counts.get(name);
    if (count === undefined)
      throw new Error(`example_data README: expected rows for ${name}, got none — generate it`);
    return `| \`${name}\` | ${shape} | ${count} | ${reader} |`;
  });
  return `# Example data

Chinese and English questions of ordinary knowledge with passages that answer them, written for this project.

| file | shape of a row | rows | read by |
|---|---|---|---|
${rows.join('\n')}

How it is made: \`source/<language>.<topic>.json\` holds the hand-written rows, ten topics a language and ten queries a
topic; the queries of a topic share their vocabulary. \`npx tsx scripts/example-data.ts\` writes all other files, this
one included, always with the same bytes.

- Negatives are answers to other queries of the same language and split: about 70 % of the same topic, those that share
  most terms with the query first, the rest from the passages used least so far.
- Every passage answers exactly one query, and is a negative of others equally often (± 1). So neither style nor length
  tells a positive from a negative: without the query a ranking is chance.
- Held out are whole topics, in both languages: ${devTopics.map((topic) => `\`${topic}\``).join(', ')}. The small files
  take their rows from the training topics.
- Scores imitate a teacher, they are not a model's: 0.8 to 0.99 for an answer, otherwise by the share of the query's
  terms. Grades: 3 answers, 2 shares most terms with the query of all negatives, 1 shares some, 0 none.

Licence: CC0 1.0. The facts are common knowledge and the sentences were written for this directory; take them as they are.
`;
}

const jsonl = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Every generated file of `example_data/`, by name, as it must stand on disk. */
export function exampleFiles(directory: string): Map<string, string> {
  const plain = ({ query, pos, neg }: ExampleRow) => ({ query, pos, neg });
  const train = exampleRows(directory, 'train');
  const files = new Map<string, readonly object[]>([
    ['reranker.train.jsonl', train.map(plain)],
    ['reranker.dev.jsonl', exampleRows(directory, 'dev').map(plain)],
  ]);
  for (const [name, { take, write }] of Object.entries(shapes)) {
    const order = shuffled(train, name, (row) => row.query);
    const languages = ['zh', 'en'].map((language) => order.filter((row) => row.language === language));
    const mixed = languages.flatMap((rows, side) => rows.map((row, i) => ({ row, rank: 2 * i + side })));
    const picked = mixed.sort((a, b) => a.rank - b.rank).slice(0, take);
    files.set(
      name,
      picked.flatMap(({ row }, i) => write(row, i)),
    );
  }
  const text = new Map([...files].map(([name, rows]) => [name, jsonl(rows)]));
  const counts = new Map([...files].map(([name, rows]) => [name, rows.length]));
  return text.set('README.md', readme(counts));
}

export const exampleDirectory = fileURLToPath(new URL('../example_data', import.meta.url));

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, text] of exampleFiles(join(exampleDirectory, 'source'))) {
    writeFileSync(join(exampleDirectory, name), text);
  }
}
