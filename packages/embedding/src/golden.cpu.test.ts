import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Embedding, type EncodeOptions } from './index.js';
import { largestDifference } from './testing/largest-difference.js';

const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'embedding-golden-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));

/** The options of sentence-transformers' encode, which wrote the vectors. */
interface Golden {
  /** Of LLM embedders: the tokens of each text. */
  readonly input_ids?: readonly (readonly number[])[];
  readonly texts: readonly string[];
  readonly max_seq_length: number;
  readonly runs: readonly {
    readonly options: {
      readonly prompt_name?: string;
      readonly prompt?: string;
      readonly normalize_embeddings?: boolean;
      readonly truncate_dim?: number;
    };
    readonly vectors: readonly (readonly number[])[];
  }[];
}
const goldenOf = (name: string): Golden =>
  JSON.parse(readFileSync(join(fixtures, name, 'golden.json'), 'utf8'));

/** sentence-transformers does not normalise what it truncates, unless told to. */
const optionsOf = ({ options }: Golden['runs'][number]): EncodeOptions => ({
  ...(options.prompt_name !== undefined && { promptName: options.prompt_name }),
  ...(options.prompt !== undefined && { prompt: options.prompt }),
  ...(options.truncate_dim !== undefined && { dim: options.truncate_dim, normalize: false }),
  ...(options.normalize_embeddings && { normalize: true }),
});

/** The fixtures that are model directories. */
const models = readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isDirectory());

describe.each(models.map(({ name }) => name))('%s', (name) => {
  const golden = goldenOf(name);
  let model: Embedding;
  beforeAll(async () => {
    model = await Embedding.fromPretrained(join(fixtures, name));
  });
  afterAll(() => model.dispose());

  it.each(golden.runs.map((run) => [JSON.stringify(run.options), run] as const))('%s', async (_, run) => {
    const vectors = await model.encode(golden.texts, optionsOf(run));
    expect(largestDifference(vectors, run.vectors)).toBeLessThan(1e-5);
  });

  it('is saved and opened again with the same bits, in the order of its modules', async () => {
    const directory = join(root, name);
    await model.savePretrained(directory);
    const again = await Embedding.fromPretrained(directory);
    const options = { promptName: Object.keys(model.settings.prompts).at(-1)! };
    const settings = options.promptName === undefined ? {} : options;
    const vectors = await model.encode(golden.texts, settings);
    expect(await again.encode(golden.texts, settings)).toEqual(vectors);
    expect([again.head, again.settings.prompts, again.dimension]).toEqual([
      model.head,
      model.settings.prompts,
      model.dimension,
    ]);
    again.dispose();
  });
});

const embedders = models.filter(({ name }) => goldenOf(name).input_ids);
describe.each(embedders.map(({ name }) => name))('%s, a decoder that pools its last token', (name) => {
  const golden = goldenOf(name);

  it('has the tokens of Python, and for each text alone the vector that it has among others', async () => {
    const model = await Embedding.fromPretrained(join(fixtures, name));
    const cases = await model.golden(golden.texts);
    expect(cases.map(({ input_ids }) => input_ids)).toEqual(golden.input_ids);
    const single = [];
    for (const text of golden.texts) single.push(await model.encode(text));
    expect(largestDifference(single, golden.runs[0]!.vectors)).toBeLessThan(1e-5);
    model.dispose();
  });

  it('without its modules has to be told how vectors are made', async () => {
    const directory = join(root, `bare-${name}`);
    cpSync(join(fixtures, name), directory, { recursive: true });
    rmSync(join(directory, 'modules.json'));
    await expect(Embedding.fromPretrained(directory)).rejects.toThrow(
      /pooling: expected how the token vectors of a decoder \(\w+\) become one, got neither modules.json nor this option — say lasttoken/,
    );
    const model = await Embedding.fromPretrained(directory, { pooling: 'lasttoken' });
    const vectors = await model.encode(golden.texts, { normalize: true });
    expect(largestDifference(vectors, golden.runs[0]!.vectors)).toBeLessThan(1e-5);
    model.dispose();
  });
});

it('a checkpoint with adapters has the vectors of the task that is asked for, and is saved with plain weights', async () => {
  const path = join(fixtures, 'jina-v3');
  const { texts, task, task_vectors } = goldenOf('jina-v3') as Golden & {
    task: string;
    task_vectors: number[][];
  };
  const model = await Embedding.fromPretrained(path, { task });
  const vectors = await model.encode(texts);
  expect(largestDifference(vectors, task_vectors)).toBeLessThan(1e-5);
  const plain = await Embedding.fromPretrained(path);
  expect(largestDifference(await plain.encode(texts), task_vectors)).toBeGreaterThan(1e-3);
  const directory = join(root, 'task');
  await model.savePretrained(directory);
  const saved = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'));
  expect(saved).toMatchObject({ model_type: 'jina_embeddings_v3', architectures: ['JinaEmbeddingsV3Model'] });
  expect(Object.keys(saved).filter((key) => /lora|auto_map|flash|rotary/.test(key))).toEqual([]);
  const again = await Embedding.fromPretrained(directory);
  // There the adapter is part of the weights, here it is computed beside them.
  expect(largestDifference(await again.encode(texts), vectors)).toBeLessThan(1e-6);
  await expect(Embedding.fromPretrained(directory, { task })).rejects.toThrow(
    /task: expected none for a checkpoint/,
  );
  await expect(Embedding.fromPretrained(path, { task: 'poetry' })).rejects.toThrow(/one of the checkpoint's/);
  for (const one of [model, plain, again]) one.dispose();
});

it('a text longer than max_seq_length is cut there, and the fixtures hold such a text', async () => {
  cpSync(join(fixtures, 'lower-case'), join(root, 'cut'), { recursive: true });
  const model = await Embedding.fromPretrained(join(root, 'cut'));
  const long = goldenOf('lower-case').texts.at(-1)!;
  expect(model.settings.max_seq_length).toBe(12);
  const [whole, shorter] = await model.encode([long, long.split(' ').slice(0, 10).join(' ')]);
  expect(largestDifference([whole!], [shorter!])).toBeLessThan(1e-6);
  const longer = await model.encode(long, { maxLength: 13 });
  expect(largestDifference([whole!], [longer])).toBeGreaterThan(1e-3);
  model.dispose();
});

it('wasm in Node, which reads no files, holds the weights of a directory in memory', async () => {
  const golden = goldenOf('e5');
  const model = await Embedding.fromPretrained(join(fixtures, 'e5'), { provider: 'wasm', threads: 1 });
  const run = golden.runs[0]!;
  const vectors = await model.encode(golden.texts, optionsOf(run));
  expect(largestDifference(vectors, run.vectors)).toBeLessThan(1e-5);
  model.dispose();
});
