import { describeJson, type FileSource, isJsonObject, readJsonObject } from './file-source.js';
import type { ModelTask } from './model-task.js';
import { narrowDtypeOf } from './onnx-file/variants.js';

/** The file of a model directory that records what the model gives. */
export const GOLDEN_FILE = 'golden.json';

/** One input of a model, as it was tokenized, and what came out. */
export interface GoldenCase {
  /** A text, or a query and a passage. */
  readonly input: string | readonly string[];
  /** Token ids, special ones included; those of a query and a passage that are encoded apart follow each other. */
  readonly input_ids: readonly number[];
  /** A score, or a vector. */
  readonly output: readonly number[];
}

/** Pairs that are recorded where a caller names none: two languages, a text without content, one that is cut. */
export const GOLDEN_PAIRS: readonly (readonly [query: string, passage: string])[] = [
  ['why is the sky blue', 'Air scatters short waves of sunlight more than long ones.'],
  ['why is the sky blue', 'The bakery opens at seven.'],
  ['天空为什么是蓝色的', '空气对短波阳光的散射比长波更强。'],
  ['', 'ﬁne — naïve café №1 😀'],
  ['long', 'one two three '.repeat(300)],
];

/** Largest difference that passes, per output: of it and of max(1, |output|). Threads and processors add up in other orders. */
const TOLERANCE = 1e-4;

/** A model whose outputs are not those that were recorded with it. */
export class GoldenError extends Error {
  override name = 'GoldenError';
  constructor(
    message: string,
    /** Place of the case in the file; undefined where the file as a whole is at fault. */
    readonly index?: number,
  ) {
    super(message);
  }
}

/** The text of golden.json. */
export const goldenText = (task: ModelTask, cases: readonly GoldenCase[]): string =>
  `${JSON.stringify({ version: 1, task, cases })}\n`;

/**
 * Refuses to compare a narrow ONNX file with golden.json, whose outputs are those of the float32 weights: how far off is right was not
 * recorded.
 * @param onnx the file that is opened in place of weights, by its path
 * @throws GoldenError
 */
export function expectWide(onnx: string | undefined, where: string): void {
  const dtype = onnx === undefined ? undefined : narrowDtypeOf(onnx);
  if (dtype !== undefined)
    throw new GoldenError(
      `${where}: verify: true: expected the weights or a float32 file, got ${onnx} (${dtype}), and ${GOLDEN_FILE} records the outputs of the float32 weights, without a tolerance for ${dtype} — leave verify out; narrow files are judged when they are exported`,
    );
}

/**
 * Runs a model on the inputs of its golden.json and compares tokens and outputs.
 * @param where the directory's name in error messages
 * @throws GoldenError naming the first case that differs, and how; FileSourceError where there is no such file
 */
export async function verifyGolden(
  source: FileSource,
  task: ModelTask,
  where: string,
  replay: (inputs: readonly GoldenCase['input'][]) => Promise<GoldenCase[]>,
): Promise<void> {
  const shown = `${where}: ${GOLDEN_FILE}`;
  if (!(await source.list()).includes(GOLDEN_FILE))
    throw new GoldenError(`${shown}: expected it for verify: true, got none — save with golden: true`);
  const json = await readJsonObject(source, GOLDEN_FILE);
  if (json.version !== 1 || json.task !== task || !Array.isArray(json.cases) || json.cases.length === 0)
    throw new GoldenError(
      `${shown}: expected cases of version 1 and task "${task}", got version ${describeJson(json.version)}, task ${describeJson(json.task)} — save the model again with golden: true`,
    );
  const cases = json.cases.map((entry: unknown, i): GoldenCase => {
    if (!isGoldenCase(entry))
      throw new GoldenError(
        `${shown}: cases[${i}]: expected input, input_ids and output, got ${describeJson(entry)} — save the model again`,
        i,
      );
    return entry;
  });
  const found = await replay(cases.map(({ input }) => input));
  for (const [i, recorded] of cases.entries()) compare(`${shown}: cases[${i}]`, i, recorded, found[i]!);
}

function compare(where: string, index: number, recorded: GoldenCase, found: GoldenCase): void {
  const at = recorded.input_ids.findIndex((id, place) => id !== found.input_ids[place]);
  if (at >= 0 || recorded.input_ids.length !== found.input_ids.length)
    throw new GoldenError(
      `${where}: expected token ids ${describeJson(recorded.input_ids)}, got ${describeJson(found.input_ids)} — the tokenizer's files are not those that were saved`,
      index,
    );
  if (recorded.output.length !== found.output.length)
    throw new GoldenError(
      `${where}: expected ${recorded.output.length} outputs, got ${found.output.length} — the head is not the one that was saved`,
      index,
    );
  const differences = recorded.output.map(
    (value, place) => Math.abs(found.output[place]! - value) / Math.max(1, Math.abs(value)),
  );
  const worst = differences.indexOf(Math.max(...differences));
  // Not a number is worse than any.
  if (!(differences[worst]! <= TOLERANCE))
    throw new GoldenError(
      `${where}: expected output[${worst}] ${recorded.output[worst]}, got ${found.output[worst]}, further off than ${TOLERANCE} — the weights, their dtype or the config are not those that were saved`,
      index,
    );
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'number');

const isGoldenCase = (value: unknown): value is GoldenCase =>
  isJsonObject(value) &&
  (typeof value.input === 'string' ||
    (Array.isArray(value.input) && value.input.every((text) => typeof text === 'string'))) &&
  isNumbers(value.input_ids) &&
  isNumbers(value.output) &&
  value.output.length > 0;
