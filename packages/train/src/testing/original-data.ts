const texts = [
  'Why is the sky blue? Air scatters short waves of sunlight more than long ones.',
  'Water boils at a hundred degrees at sea level, lower on a mountain.',
  '月食发生在满月时，地球挡住了射向月亮的阳光。',
  '心脏每分钟跳动大约七十次，把血液送到全身。',
  'A compiler turns source text into instructions that a processor runs.',
  'Bread rises because yeast gives off gas in the dough.',
  '海水因为溶解的盐而发咸，河流不断把盐带入海中。',
  'The moon pulls the sea, so that tides come twice a day.',
  'Leaves turn red when the green of chlorophyll fades.',
  '光在真空中一秒钟走三十万公里。',
  'A violin string sounds higher when it is shorter or tighter.',
  'Glass is made from sand, soda and lime in a furnace.',
];
const other = (i: number, step: number): string => texts[(i + step) % texts.length]!;
const lines = (rows: readonly object[]): string => `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;

const lists = texts.map((text, i) => ({
  query: text.slice(0, 12),
  pos: [text],
  neg: [1, 2, 3].map((step) => other(i, step)),
}));
const hits = texts.map((text, i) => ({
  query: text.slice(0, 12),
  hits: Array.from({ length: 10 }, (_, rank) => ({ content: other(i, rank), label: -rank })),
}));
const taught = lists.map((row) => ({
  ...row,
  pos_scores: [0.9],
  neg_scores: [0.3, 0.2, 0.1],
  prompt: 'Answer.',
}));
const soft = texts.map((text, i) => ({
  query: text.slice(0, 12),
  pos: [text, other(i, 1), other(i, 2)],
  pos_scores: [0.9, 0.4, 0.1],
}));

/** Elements of the teacher's vectors. */
const WIDTH = 3584;

const folders = ['retrieval', 'classification-no_in_batch_neg', 'clustering-no_in_batch_neg'];

/** Rows in the shape and at the place of those that the commands of the originals name, by their paths. */
export function originalData(): Record<string, string | Uint8Array> {
  const finetune = 'examples/finetune';
  const vectors = Float32Array.from({ length: texts.length * WIDTH }, (_, i) => Math.sin(i * i));
  return {
    'example_data/t2rank_100.jsonl': lines(lists),
    'example_data/t2rank_100.small.jsonl': lines(lists.slice(0, 3)),
    'example_data/t2rank_100.distill.standard.jsonl': lines(soft),
    'example_data/grouped_reranker_train_data_listwise_label.jsonl': lines(hits),
    'example_data/grouped_reranker_eval_data.jsonl': lines(hits.slice(0, 3)),
    'example_data/t2rank_100.jsonl.text.jsonl': lines(texts.map((query) => ({ query }))),
    'example_data/t2rank_100.embedding.conan.xiaobu.mmap': new Uint8Array(vectors.buffer),
    [`${finetune}/reranker/example_data/normal/examples.jsonl`]: lines(taught),
    [`${finetune}/reranker/example_data/prompt_based/examples.jsonl`]: lines(taught),
    [`${finetune}/reranker/toy_finetune_data.jsonl`]: lines(lists),
    [`${finetune}/embedder/toy_finetune_data.jsonl`]: lines(lists),
    [`${finetune}/embedder/example_data/sts/sts.jsonl`]: lines(taught),
    ...Object.fromEntries(
      folders.map((name, i) => [
        `${finetune}/embedder/example_data/${name}/rows.jsonl`,
        lines(taught.slice(4 * i, 4 * i + 4)),
      ]),
    ),
  };
}
