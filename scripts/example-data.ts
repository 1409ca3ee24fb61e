/**
 * Writes `example_data/` from the hand-written rows in `example_data/source/<language>.<topic>.json`
 * (`[{ query, pos: [passage, …] }, …]`): `npx tsx scripts/example-data.ts`. The same source gives the same bytes.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  chance,
  devTopics,
  type ExampleRow,
  exampleDirectory,
  exampleRows,
  overlap,
  shuffled,
} from './example-data-rows.js';

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

/** Stands before the queries of a row's language. */
const promptOf = ({ language }: ExampleRow) =>
  language === 'zh' ? '为这个问题查找答案：' : 'Find passages that answer: ';

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
    write: (row) => {
      const { query, pos, neg } = row;
      return [{ query, pos, neg, prompt_for_query: promptOf(row) }];
    },
  },
  'pair-scores.jsonl': {
    take: 10,
    write: (row) => {
      const pos = [...row.pos, ...row.neg.slice(0, 2)];
      return [{ query: row.query, pos, scores: pos.map((text) => teacherScore(row, text)) }];
    },
  },
  'texts.jsonl': {
    take: 10,
    write: (row) => [{ query: row.query, prompt_for_query: promptOf(row) }, { query: row.pos[0]! }],
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
    'embedding and ColBERT with the scores of a teacher',
  ],
  [
    'texts.jsonl',
    '`{query, prompt_for_query}` or `{query}`, a question or a passage alone',
    'distillation from the vectors of a teacher, one for each line',
  ],
  [
    'texts.train.jsonl',
    '`{query}`: every question and passage of `reranker.train.jsonl` once',
    'as `texts.jsonl`, for a run of some length',
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
  const texts = train.flatMap(({ query, pos }) => [query, ...pos]);
  files.set(
    'texts.train.jsonl',
    texts.map((query) => ({ query })),
  );
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

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, text] of exampleFiles(join(exampleDirectory, 'source'))) {
    writeFileSync(join(exampleDirectory, name), text);
  }
}
