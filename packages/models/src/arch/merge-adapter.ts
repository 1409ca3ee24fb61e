import type { TensorIndex } from '../checkpoint.js';
import { addLowRank, type LowRank } from '../lora/low-rank.js';

/** Where torch's parametrize keeps a weight and, beside it, jina-embeddings-v3 the adapters of all tasks. */
const ORIGINAL = '.parametrizations.weight.original';
const ADAPTER = '.parametrizations.weight.0.';

/** Tables of ids have their rows in `lora_A`; linear layers their outputs in `lora_B`. */
const TABLE = /(^|\.)embeddings\.\w+_embeddings$/;

/**
 * The weights of a checkpoint with LoRA adapters (https://arxiv.org/abs/2106.09685) as plain ones: without any adapter, as the
 * published code computes when no task is given, or plus (alpha/rank)·B·A of one task, in float32.
 * @param config config.json: `lora_adaptations` names the tasks in their order
 * @returns the same tensors where there are no adapters
 * @throws RangeError for a task that is not there, and for adapters of other shapes than their weight's
 */
export function mergeAdapter(
  tensors: TensorIndex,
  config: Readonly<Record<string, unknown>>,
  task: string | undefined,
): TensorIndex {
  const parts = new Set(tensors.names.filter((name) => name.endsWith(ORIGINAL)));
  const at = task === undefined ? undefined : taskIndex(config.lora_adaptations, task, parts.size > 0);
  if (parts.size === 0) return tensors;
  const stemOf = (name: string) => name.slice(0, -'.weight'.length);
  const original = (name: string) => `${stemOf(name)}${ORIGINAL}`;
  const isMerged = (name: string) => name.endsWith('.weight') && parts.has(original(name));
  const from = (name: string) => (isMerged(name) ? original(name) : name);
  return {
    names: tensors.names.flatMap((name) => {
      if (parts.has(name)) return [`${name.slice(0, -ORIGINAL.length)}.weight`];
      return name.includes(ADAPTER) ? [] : [name];
    }),
    has: (name) => isMerged(name) || (!name.includes(ADAPTER) && !parts.has(name) && tensors.has(name)),
    shape: (name) => tensors.shape(from(name)),
    dtype: (name) => tensors.dtype(from(name)),
    location: (name) => (at === undefined || !isMerged(name) ? tensors.location(from(name)) : undefined),
    parts(name) {
      const location = at !== undefined && isMerged(name) ? tensors.location(from(name)) : undefined;
      if (at === undefined || !location) return undefined;
      return { location, adapters: async () => [await adapterOf(tensors, stemOf(name), at, config)] };
    },
    async read(name) {
      const weight = await tensors.read(from(name));
      if (at !== undefined && isMerged(name))
        addLowRank(weight, tensors.shape(from(name))[1]!, await adapterOf(tensors, stemOf(name), at, config));
      return weight;
    },
  };
}

function taskIndex(adaptations: unknown, task: string, present: boolean): number {
  const tasks: readonly unknown[] = Array.isArray(adaptations) ? adaptations : [];
  const index = present ? tasks.indexOf(task) : -1;
  if (index < 0)
    throw new RangeError(
      `task: expected ${present ? `one of the checkpoint's (${tasks.join(', ') || 'none is named'})` : 'none for a checkpoint without adapters'}, got ${JSON.stringify(task)} — ${present ? 'name another, or leave it out for the weights without adapters' : 'leave it out'}`,
    );
  return index;
}

/** Adapter `at` of a weight [rows, columns]. */
async function adapterOf(
  tensors: TensorIndex,
  stem: string,
  at: number,
  { lora_alpha: alpha }: Readonly<Record<string, unknown>>,
): Promise<LowRank> {
  const [rows, columns] = tensors.shape(`${stem}${ORIGINAL}`) as [number, number];
  // A table is A·B with A [tasks, rows, rank]; a layer is B·A with B [tasks, rows, rank].
  const [left, right] = TABLE.test(stem) ? ['lora_A', 'lora_B'] : ['lora_B', 'lora_A'];
  const names = [`${stem}${ADAPTER}${left}`, `${stem}${ADAPTER}${right}`] as const;
  const [leftShape, rightShape] = names.map((name) => tensors.shape(name)) as [number[], number[]];
  const [tasks = 0, , rank = 0] = leftShape;
  const fits =
    at < tasks &&
    leftShape.join() === `${tasks},${rows},${rank}` &&
    rightShape.join() === `${tasks},${rank},${columns}`;
  if (!fits || rank === 0 || typeof alpha !== 'number' || !Number.isFinite(alpha))
    throw new RangeError(
      `${names[0]}: expected adapters [tasks, ${rows}, rank] and [tasks, rank, ${columns}] with at least ${at + 1} tasks and a number as "lora_alpha", got [${leftShape}], [${rightShape}] and ${alpha} — use the config.json that belongs to the weights`,
    );
  const [a, b] = await Promise.all(names.map((name) => tensors.read(name)));
  const from = (values: Float32Array, perTask: number) => values.slice(at * perTask, (at + 1) * perTask);
  return { left: from(a!, rows * rank), right: from(b!, rank * columns), rank, scaling: alpha / rank };
}
