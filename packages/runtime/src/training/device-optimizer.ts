import { add, div, encodeModel, graphOf, input, mul, reduceSum, sqrt, sub, type Value } from '@rag/onnx';
import type { Device, DeviceModel, DeviceTensor } from '../drivers/device.js';
import { SessionError } from '../error.js';
import { elementCount, Tensor } from '../tensor.js';
import { type AdamWSettings, adamwCoefficients } from './adamw.js';
import type { ResidentParameter } from './device-state.js';
import type { OptimizerPlan } from './optimizer-model.js';

/** A parameter as the graphs of the optimizer see it. */
export interface UpdatedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Index of its group in the optimizer's plan. */
  readonly group: number;
}

/** Inputs and outputs of `adamWModel` for one parameter: inputs by these names, outputs with `next.` before them. */
export const updateNames = (parameter: string) => ({
  value: `value.${parameter}`,
  gradient: `gradient.${parameter}`,
  first: `first.${parameter}`,
  second: `second.${parameter}`,
});

/** Output of `adamWModel` that replaces an input. */
export const nextOf = (name: string): string => `next.${name}`;

const scaleInput = 'scale';
const rootInput = 'root_factor';
const decayInput = (group: number): string => `decay.${group}`;
const rateInput = (group: number): string => `step_size.${group}`;

/**
 * AdamW (https://arxiv.org/abs/1711.05101) in PyTorch's order as one graph of elementwise float32 operators, which all
 * providers have on the device. Per parameter it reads value, gradient, first and second moment (`updateNames`) and gives
 * `next.` value, first and second moment as *new* tensors: the caller replaces the old ones and disposes them. What changes from
 * update to update is fed as scalars from the host: see `adamWFeeds`. Clipping is part of the gradient's scale.
 */
export function adamWModel(
  parameters: readonly UpdatedParameter[],
  { beta1, beta2, epsilon }: Pick<OptimizerPlan, 'beta1' | 'beta2' | 'epsilon'>,
): Uint8Array {
  const scalar = (name: string): Value => input(name, 'float32', []);
  const [scale, root] = [scalar(scaleInput), scalar(rootInput)];
  const groups = [...new Set(parameters.map(({ group }) => group))];
  const decays = new Map(groups.map((group) => [group, scalar(decayInput(group))]));
  const rates = new Map(groups.map((group) => [group, scalar(rateInput(group))]));
  const tensors: Value[] = [];
  const outputs: Record<string, Value> = {};
  for (const { name, shape, group } of parameters) {
    const names = updateNames(name);
    const [value, gradient, first, second] = [names.value, names.gradient, names.first, names.second].map(
      (each) => input(each, 'float32', shape),
    ) as [Value, Value, Value, Value];
    tensors.push(value, gradient, first, second);
    const g = mul(gradient, scale);
    const m = add(first, mul(sub(g, first), 1 - beta1));
    const v = add(mul(second, beta2), mul(mul(g, g), 1 - beta2));
    const denominator = add(mul(sqrt(v), root), epsilon);
    outputs[nextOf(names.value)] = sub(
      mul(value, decays.get(group)!),
      mul(div(m, denominator), rates.get(group)!),
    );
    outputs[nextOf(names.first)] = m;
    outputs[nextOf(names.second)] = v;
  }
  return encodeModel(graphOf([...tensors, scale, root, ...decays.values(), ...rates.values()], outputs));
}

/**
 * The scalars that `adamWModel` reads at one update, settings by group. `step` counts from 1; `scale` multiplies every gradient:
 * 1 / weight of the update × clip coefficient.
 */
export function adamWFeeds(
  parameters: readonly UpdatedParameter[],
  settings: readonly AdamWSettings[],
  step: number,
  scale: number,
): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = { [scaleInput]: scalarOf(scale) };
  for (const { group } of parameters) {
    if (Object.hasOwn(feeds, decayInput(group))) continue;
    if (settings[group]!.adamMode !== 0)
      throw new SessionError('adamw: adamMode', `expected 0 on a device, got ${settings[group]!.adamMode}`);
    // Gradient scale, factor before, factor after, 1 − β₁, β₂, 1 − β₂, factor of √v, ε, step size.
    const [, decay, , , , , root, , size] = adamwCoefficients(settings[group]!, step, scale);
    feeds[rootInput] = scalarOf(root!);
    feeds[decayInput(group)] = scalarOf(decay!);
    feeds[rateInput(group)] = scalarOf(size!);
  }
  return feeds;
}

/** Output of `squareSumModel`. */
export const squareSum = 'square_sum';

/**
 * Σ g² over the gradients of all parameters (inputs by `updateNames`), a scalar: the square of their common norm, for clipping. Sums run
 * over the last axis first, in float32: Infinity from a norm of 1.8e19 on, NaN where a gradient is.
 */
export function squareSumModel(parameters: readonly Pick<UpdatedParameter, 'name' | 'shape'>[]): Uint8Array {
  const gradients = parameters.map(({ name, shape }) => input(updateNames(name).gradient, 'float32', shape));
  const sums = gradients.map((gradient) => {
    const squares = mul(gradient, gradient);
    const last = gradient.shape.length - 1;
    return reduceSum(last > 0 ? reduceSum(squares, [last]) : squares);
  });
  return encodeModel(graphOf(gradients, { [squareSum]: sums.reduce((a, b) => add(a, b)) }));
}

const scalarOf = (value: number): Tensor => new Tensor('float32', [], Float32Array.of(value));

/** Most elements of parameters in one run of `adamWModel`: for so many what is new and what is old exist side by side. */
const bucketElements = 2 ** 24;

/** The optimizer's graphs on a device, each opened when it is first needed. */
export interface DeviceOptimizer {
  /** L2 norm over all gradients, by parameter. */
  norm(gradients: ReadonlyMap<string, DeviceTensor>): Promise<number>;
  /** One AdamW update: values and moments are replaced one by one, what they replace is disposed. */
  update(
    state: ReadonlyMap<string, ResidentParameter>,
    settings: readonly AdamWSettings[],
    step: number,
    scale: number,
  ): Promise<void>;
  dispose(): void;
}

export function openDeviceOptimizer(
  device: Device,
  parameters: readonly UpdatedParameter[],
  plan: OptimizerPlan,
): DeviceOptimizer {
  const buckets = bucketsOf(parameters);
  const opened = new Map<unknown, Promise<DeviceModel>>();
  const open = (key: unknown, make: () => Promise<DeviceModel>): Promise<DeviceModel> => {
    const model = opened.get(key) ?? make();
    opened.set(key, model);
    model.catch(() => opened.delete(key));
    return model;
  };
  return {
    async norm(gradients) {
      const model = await open(squareSum, () => device.openModel(squareSumModel(parameters), new Set()));
      const feeds = [...gradients].map(([name, tensor]) => [updateNames(name).gradient, tensor] as const);
      const { host } = await model.run(Object.fromEntries(feeds));
      return Math.sqrt(Number(host[squareSum]!.data[0]));
    },
    async update(state, settings, step, scale) {
      for (const bucket of buckets) {
        const model = await open(bucket, () =>
          device.openModel(adamWModel(bucket, plan), new Set(bucket.flatMap(({ name }) => nextNames(name)))),
        );
        const feeds: Record<string, Tensor | DeviceTensor> = adamWFeeds(bucket, settings, step, scale);
        for (const { name } of bucket) {
          const { value, first, second, gradient } = state.get(name)!;
          const names = updateNames(name);
          Object.assign(feeds, {
            [names.value]: value,
            [names.first]: first,
            [names.second]: second,
            [names.gradient]: gradient,
          });
        }
        const { device: next } = await model.run(feeds);
        for (const { name } of bucket) {
          const own = state.get(name)!;
          for (const kind of replaced) {
            own[kind].dispose();
            own[kind] = next[nextOf(updateNames(name)[kind])]!;
          }
        }
      }
    },
    dispose() {
      for (const model of opened.values())
        void model.then(
          (ready) => ready.dispose(),
          () => {},
        );
    },
  };
}

const replaced = ['value', 'first', 'second'] as const;
const nextNames = (parameter: string): string[] =>
  replaced.map((kind) => nextOf(updateNames(parameter)[kind]));

/** Parameters in their order, cut so that each part has `bucketElements` at most, or one parameter. */
function bucketsOf(parameters: readonly UpdatedParameter[]): UpdatedParameter[][] {
  const buckets: UpdatedParameter[][] = [];
  let filled = Number.POSITIVE_INFINITY;
  for (const parameter of parameters) {
    const elements = elementCount(parameter.name, parameter.shape);
    if (filled + elements > bucketElements) {
      buckets.push([]);
      filled = 0;
    }
    buckets.at(-1)!.push(parameter);
    filled += elements;
  }
  return buckets;
}
