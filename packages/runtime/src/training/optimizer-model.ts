import {
  AdamWOptimizer,
  decodeModel,
  encodeModel,
  graphOf,
  InplaceClipGradNorm,
  input,
  type Node,
  sequenceInput,
} from '@rag/onnx';
import { ArtifactError } from '../artifacts/error.js';
import { optimizerInputs } from '../artifacts/names.js';
import type { AdamWSettings } from './adamw.js';

/** Settings of one group of parameters. */
export interface ParameterGroup {
  readonly parameters: readonly string[];
  /** Decoupled weight decay. */
  readonly weightDecay: number;
  /** Multiplies the learning rate. */
  readonly rate: number;
}

/** AdamW (https://arxiv.org/abs/1711.05101) with decoupled decay, and clipping of the gradients' common norm. */
export interface OptimizerSettings {
  readonly beta1?: number;
  readonly beta2?: number;
  /** Added outside the root, after bias correction, as PyTorch does. */
  readonly epsilon?: number;
  readonly weightDecay?: number;
  /** Largest L2 norm over all gradients; undefined does not clip. */
  readonly maxGradNorm?: number;
  /** Decay and rate of a parameter; by default no decay for biases and norms, rate 1. */
  readonly groupOf?: (
    name: string,
    settings: { weightDecay: number },
  ) => { weightDecay: number; rate: number };
}

/** What an optimizer model says, with every parameter in exactly one group. */
export interface OptimizerPlan {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly maxGradNorm: number | undefined;
  readonly groups: readonly ParameterGroup[];
}

/** AdamW's settings of each group for one update. */
export const updateSettings = (
  { beta1, beta2, epsilon, groups }: OptimizerPlan,
  learningRate: number,
): AdamWSettings[] =>
  groups.map(({ weightDecay, rate }) => ({
    ...{ weightDecay, beta1, beta2, epsilon },
    learningRate: learningRate * rate,
    adamMode: 0,
  }));

/** Key of the optimizer model's `metadata_props` that holds the groups as JSON. */
const groupsKey = 'rag.parameter_groups';

/** No decay for biases and normalization weights, as the originals and transformers do; rate 1. */
export function defaultGroupOf(
  name: string,
  { weightDecay }: { weightDecay: number },
): { weightDecay: number; rate: number } {
  const exempt = /(^|\.)bias$|layer_?norm|rms_?norm|(^|[._])norm\d*(\.|$)/i.test(name);
  return { weightDecay: exempt ? 0 : weightDecay, rate: 1 };
}

/**
 * `optimizer_model.onnx` of these settings. The format has one group: several are kept in the model's metadata, for our
 * session, and the node then carries the first group's decay.
 */
export function encodeOptimizer(settings: OptimizerSettings, parameters: readonly string[]): Uint8Array {
  const {
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    weightDecay = 0.01,
    maxGradNorm,
    groupOf = defaultGroupOf,
  } = settings;
  const groups = new Map<string, { parameters: string[]; weightDecay: number; rate: number }>();
  for (const name of parameters) {
    const group = groupOf(name, { weightDecay });
    if (!isFactor(group.weightDecay) || !isFactor(group.rate))
      throw new ArtifactError(
        `parameter "${name}"`,
        `expected a decay and a rate that are finite numbers ≥ 0, got ${group.weightDecay} and ${group.rate} — see groupOf`,
      );
    const key = `${group.weightDecay} ${group.rate}`;
    if (!groups.has(key)) groups.set(key, { ...group, parameters: [] });
    groups.get(key)!.parameters.push(name);
  }
  const list = [...groups.values()];
  const learningRate = input(optimizerInputs.learningRate, 'float32', [1]);
  const step = input(optimizerInputs.step, 'int64', [1]);
  const lists = [
    optimizerInputs.params,
    optimizerInputs.gradients,
    optimizerInputs.firstOrderMoments,
    optimizerInputs.secondOrderMoments,
  ].map((name) => sequenceInput(name, 'float32'));
  const [params, gradients, first, second] = lists as [typeof step, typeof step, typeof step, typeof step];
  const clipped =
    maxGradNorm === undefined
      ? gradients
      : InplaceClipGradNorm.of([gradients], { max_norm: maxGradNorm, norm_type: 'fro' });
  const updated = AdamWOptimizer.of([learningRate, step, params, clipped, first, second], {
    alpha: beta1,
    beta: beta2,
    epsilon,
    weight_decay: list[0]?.weightDecay ?? weightDecay,
    correct_bias: 1,
    adam_mode: 0,
  });
  return encodeModel(graphOf([learningRate, step, ...lists], { updated }), {
    metadata: { [groupsKey]: JSON.stringify(list) },
  });
}

/** Whether ONNX Runtime's own optimizer, which has one group at rate 1, does the same; throws ArtifactError with the reason if not. */
export function checkOneGroup({ groups }: OptimizerPlan): void {
  if (groups.length > 1 || groups[0]?.rate !== 1)
    throw new ArtifactError(
      'optimizer_model.onnx',
      `expected one parameter group at rate 1 for ONNX Runtime's own optimizer, got ${groups.length} at ${groups.map(({ rate }) => rate).join(', ') || 'none'} — compile with a groupOf that gives every parameter the same decay and rate 1`,
    );
}

/**
 * Reads an optimizer model; one that was not written here has one group of all parameters.
 * @throws ArtifactError for another optimizer than AdamW in PyTorch's mode, and for groups that do not fit the parameters
 */
export function decodeOptimizer(bytes: Uint8Array, parameters: readonly string[]): OptimizerPlan {
  const where = 'optimizer_model.onnx';
  const { graph, metadata } = decodeModel(bytes);
  const all = (opType: string): Node[] => graph.nodes.filter((node) => node.op.opType === opType);
  const [adamw, ...more] = all('AdamWOptimizer');
  if (!adamw || more.length > 0)
    throw new ArtifactError(
      where,
      `expected one AdamWOptimizer, got ${graph.nodes.map((node) => node.op.opType).join(', ') || 'none'} — no other optimizer is implemented`,
    );
  const { alpha, beta, epsilon, weight_decay, adam_mode, correct_bias } = adamw.attributes;
  if (adam_mode !== 0 || correct_bias !== 1)
    throw new ArtifactError(
      where,
      `expected adam_mode 0 (PyTorch) and correct_bias 1, got ${adam_mode} and ${correct_bias} — generate the artifacts with these`,
    );
  const whole: ParameterGroup = { parameters, weightDecay: weight_decay as number, rate: 1 };
  const groups =
    metadata[groupsKey] === undefined ? [whole] : parseGroups(metadata[groupsKey], parameters, where);
  return {
    beta1: alpha as number,
    beta2: beta as number,
    epsilon: epsilon as number,
    maxGradNorm: all('InplaceClipGradNorm')[0]?.attributes.max_norm as number | undefined,
    groups,
  };
}

function parseGroups(json: string, parameters: readonly string[], where: string): ParameterGroup[] {
  const at = `${where}: metadata "${groupsKey}"`;
  let groups: unknown;
  try {
    groups = JSON.parse(json);
  } catch (cause) {
    throw new ArtifactError(at, 'expected JSON, got other text — compile the artifacts again', { cause });
  }
  if (!Array.isArray(groups) || !groups.every(isGroup))
    throw new ArtifactError(
      at,
      'expected a list of { parameters: names, weightDecay, rate } with numbers ≥ 0, got another value — compile the artifacts again',
    );
  const open = new Set(parameters);
  for (const name of groups.flatMap((group) => group.parameters))
    if (!open.delete(name))
      throw new ArtifactError(
        at,
        `expected each trainable parameter in one group, got "${name}" ${parameters.includes(name) ? 'twice' : 'besides, which is not trained'} — compile the artifacts again`,
      );
  const [missing] = open;
  if (missing !== undefined)
    throw new ArtifactError(
      at,
      `expected each trainable parameter in one group, got "${missing}" in none — compile the artifacts again`,
    );
  return groups;
}

const isFactor = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

function isGroup(value: unknown): value is ParameterGroup {
  if (typeof value !== 'object' || value === null) return false;
  const { parameters, weightDecay, rate } = value as { readonly [Key in keyof ParameterGroup]?: unknown };
  return (
    Array.isArray(parameters) &&
    parameters.length > 0 &&
    parameters.every((name) => typeof name === 'string') &&
    isFactor(weightDecay) &&
    isFactor(rate)
  );
}
