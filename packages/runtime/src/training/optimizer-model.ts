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

/** Key of the optimizer model's `metadata_props` that holds the groups as JSON. */
const groupsKey = 'rag.parameter_groups';

/** No decay for biases and normalization weights, as the originals and transformers do; rate 1. */
export function defaultGroupOf(
  name: string,
  { weightDecay }: { weightDecay: number },
): { weightDecay: number; rate: number } {
  const exempt = name.endsWith('.bias') || /layer_?norm/i.test(name);
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
      `expected one parameter group at rate 1 for ONNX Runtime's own optimizer, got ${groups.length} — compile with a groupOf that gives every parameter the same decay`,
    );
}

/**
 * Reads an optimizer model; one that was not written here has one group of all parameters.
 * @throws ArtifactError for another optimizer than AdamW in PyTorch's mode, and for groups that do not fit the parameters
 */
export function decodeOptimizer(bytes: Uint8Array, parameters: readonly string[]): OptimizerPlan {
  const where = 'optimizer_model.onnx';
  const { graph, metadata } = decodeModel(bytes);
  const only = (opType: string): Node | undefined => graph.nodes.find((node) => node.op.opType === opType);
  const adamw = only('AdamWOptimizer');
  if (!adamw)
    throw new ArtifactError(
      where,
      `expected an AdamWOptimizer, got ${graph.nodes.map((node) => node.op.opType).join(', ') || 'none'}`,
    );
  const { alpha, beta, epsilon, weight_decay, adam_mode } = adamw.attributes;
  if (adam_mode !== 0)
    throw new ArtifactError(
      where,
      `expected adam_mode 0 (PyTorch), got ${adam_mode} — generate the artifacts with it`,
    );
  const whole: ParameterGroup = { parameters, weightDecay: weight_decay as number, rate: 1 };
  const groups =
    metadata[groupsKey] === undefined ? [whole] : parseGroups(metadata[groupsKey], parameters, where);
  return {
    beta1: alpha as number,
    beta2: beta as number,
    epsilon: epsilon as number,
    maxGradNorm: only('InplaceClipGradNorm')?.attributes.max_norm as number | undefined,
    groups,
  };
}

function parseGroups(json: string, parameters: readonly string[], where: string): ParameterGroup[] {
  const groups = JSON.parse(json) as ParameterGroup[];
  const named = groups.flatMap((group) => group.parameters);
  const missing = parameters.find((name) => !named.includes(name));
  if (missing !== undefined || named.length !== parameters.length)
    throw new ArtifactError(
      where,
      `expected each of ${parameters.length} trainable parameters in one group, got ${named.length} names${missing ? ` without "${missing}"` : ''}`,
    );
  return groups;
}
