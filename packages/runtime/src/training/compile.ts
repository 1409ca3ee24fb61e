import { encodeModel, type Graph, graphOf, leavesOf, nameOf, type Value } from '@rag/onnx';
import { noProperties } from '../artifacts/checkpoint.js';
import { ArtifactError } from '../artifacts/error.js';
import { checkTrainingModelNames } from '../artifacts/names.js';
import type { TensorParts } from '../tensor.js';
import { type InitialState, notResident, type PlannedParameter } from './initial-state.js';
import { checkObjective, type Objective } from './objective.js';
import { encodeOptimizer, type OptimizerSettings } from './optimizer-model.js';
import { lossScale, type Plan, type Segment } from './plan.js';
import { boundaryBackward, lossBackward, scaledLoss } from './segment-backward.js';
import { type GradientFlow, gradientFlows, type SegmentPart, segmentParts } from './segment-parts.js';
import { segmentKinds } from './segment-structure.js';

export interface CompileOptions {
  /**
   * Initial value of a parameter, by its name: asked for when a session is created, one parameter at a time. Give a promise to read it
   * then: no more than one lies beside the state.
   */
  readonly initial: (name: string, shape: readonly number[]) => Float32Array | Promise<Float32Array>;
  /**
   * Frozen parameters that are read where they lie (memory of the host, a mapped file), in no copy and no checkpoint: the only ones that
   * may be of another type than float32. undefined for all others. Asked once; the plan and its sessions hold what it gives.
   */
  readonly resident?: (
    name: string,
    type: Pick<PlannedParameter, 'dtype' | 'shape'>,
  ) => TensorParts | undefined;
  /** Parameters that are updated; all by default. */
  readonly trainable?: (name: string) => boolean;
  readonly optimizer: OptimizerSettings;
}

/**
 * Compiles an objective to training artifacts: differentiated graphs with parameters as inputs, the optimizer's settings
 * and what the state starts with. An objective with n cuts becomes n + 1 segments; segments that are the same but for names,
 * a model's layers, are differentiated and encoded once.
 * @throws ArtifactError for names that the format reserves and for parameters that it cannot train, GraphError for what
 * cannot be differentiated
 */
export function compile(
  objective: Objective,
  { initial, resident, trainable = () => true, optimizer }: CompileOptions,
): Plan {
  const train = objective.build('train');
  const evaluation = objective.build('eval');
  checkObjective(train, evaluation);
  const boundary = (train.cuts ?? []).flatMap((cut) => Object.keys(cut));
  const userInputs = [
    ...new Set([...train.inputs, ...evaluation.inputs].map(nameOf)),
    lossScale,
    ...boundary,
  ];
  checkTrainingModelNames(userInputs, []);
  const parts = segmentParts(train);
  const evalParts = segmentParts(evaluation);
  const flows = gradientFlows(parts, trainable);
  const parameters = parametersOf(parts);
  checkTrainingModelNames(userInputs, [...parameters.keys()]);
  checkEvaluation(parameters, evalParts);
  const held = new Map<string, TensorParts>();
  const planned = plannedParameters(parameters, trainable, (parameter) => {
    const tensor = resident?.(parameter.name, parameter);
    if (tensor) held.set(parameter.name, tensor);
    return tensor !== undefined;
  });
  checkTrained(parameters, flows, trainable);
  const segments = compiledSegments(parts, evalParts, flows, train.inputs);
  const chunked = (train.cuts ?? []).findIndex((cut) => Object.hasOwn(cut, train.chunkCut ?? ''));
  return {
    segments,
    ...(chunked >= 0 && { chunkedSegments: chunked + 1 }),
    optimizerModel: encodeOptimizer(
      optimizer,
      planned.trainable.map(({ name }) => name),
    ),
    initial: {
      ...planned,
      value: ({ name, shape }) => initial(name, shape),
      residentTensor: (parameter) => held.get(parameter.name) ?? notResident(parameter),
      properties: noProperties(),
    },
  };
}

/** Every parameter of training, in order of first use. */
function parametersOf(parts: readonly SegmentPart[]): ReadonlyMap<string, Value> {
  const leaves = parts.flatMap(({ yields }) => leavesOf(Object.values(yields)));
  const parameters = leaves.filter(({ source }) => source.kind === 'parameter');
  return new Map(parameters.map((value) => [nameOf(value), value]));
}

function checkEvaluation(parameters: ReadonlyMap<string, Value>, evalParts: readonly SegmentPart[]): void {
  for (const name of parametersOf(evalParts).keys())
    if (!parameters.has(name))
      throw new ArtifactError(
        `"${name}"`,
        'expected every parameter of evaluation in training too, got one only in evaluation — build both modes from the same layers',
      );
}

function plannedParameters(
  parameters: ReadonlyMap<string, Value>,
  trainable: (name: string) => boolean,
  isResident: (parameter: PlannedParameter) => boolean,
): Pick<InitialState, 'trainable' | 'frozen' | 'resident'> {
  const planned = { trainable: [], frozen: [], resident: [] } as Record<
    'trainable' | 'frozen' | 'resident',
    PlannedParameter[]
  >;
  for (const [name, { dtype, shape }] of parameters) {
    const parameter = { name, dtype, shape: shape as readonly number[] };
    const trained = trainable(name);
    if (isResident(parameter)) {
      if (trained)
        throw new ArtifactError(
          `parameter "${name}"`,
          'expected a resident parameter to be frozen, got one that is trained — leave it out of `resident`',
        );
      planned.resident.push(parameter);
      continue;
    }
    if (dtype !== 'float32')
      throw new ArtifactError(
        `parameter "${name}"`,
        `expected float32, got ${dtype} — cast it inside the graph, or freeze it and give it as \`resident\``,
      );
    planned[trained ? 'trainable' : 'frozen'].push(parameter);
  }
  return planned;
}

function checkTrained(
  parameters: ReadonlyMap<string, Value>,
  flows: readonly (GradientFlow | undefined)[],
  trainable: (name: string) => boolean,
): void {
  const trained = new Set(flows.flatMap((flow) => flow?.trained ?? []).map(nameOf));
  const idle = [...parameters.keys()].find((name) => trainable(name) && !trained.has(name));
  if (idle !== undefined)
    throw new ArtifactError(
      `parameter "${idle}"`,
      'expected the loss to depend on what is trained, got one that only other outputs read — freeze it',
    );
  if (trained.size === 0)
    throw new ArtifactError(
      'trainable',
      `expected at least one trainable parameter, got none of ${parameters.size} — check \`trainable\``,
    );
}

function compiledSegments(
  parts: readonly SegmentPart[],
  evalParts: readonly SegmentPart[],
  flows: readonly (GradientFlow | undefined)[],
  inputs: readonly Value[],
): Segment[] {
  const kinds = new Map<string, { readonly models: Models; readonly names: readonly string[] }>();
  const shapes = segmentKinds(parts, evalParts, flows);
  return parts.map((part, i): Segment => {
    const evalPart = evalParts[i]!;
    const face = {
      name: segmentName(part, i, parts.length),
      takes: part.takes.map(nameOf),
      yields: i < parts.length - 1 ? Object.keys(part.yields) : [],
    };
    if (i === parts.length - 1) return { ...face, ...lastModels(part, evalPart, flows[i]!, inputs, i === 0) };
    const { flow, key, names } = shapes[i]!;
    const known = kinds.get(key);
    if (known)
      return {
        ...face,
        ...known.models,
        names: Object.fromEntries(known.names.map((name, place) => [name, names[place]!])),
      };
    const models = layerModels(part, evalPart, flow, inputs);
    kinds.set(key, { models, names });
    return { ...face, ...models };
  });
}

type Models = Pick<Segment, 'trainingModel' | 'evalModel' | 'forwardModel'>;

/** `whole`, `encoder` and `head`, or the boundary tensors up to which a segment computes. */
function segmentName({ yields }: SegmentPart, place: number, count: number): string {
  if (count === 1) return 'whole';
  if (place === count - 1) return 'head';
  return count === 2 ? 'encoder' : Object.keys(yields).join(', ');
}

function layerModels(
  part: SegmentPart,
  evalPart: SegmentPart,
  flow: GradientFlow | undefined,
  inputs: readonly Value[],
): Models {
  const forward = ({ inputs: read, takes, yields }: SegmentPart): Uint8Array =>
    encodeModel(graphOf([...read, ...takes], yields));
  return {
    ...(flow && { trainingModel: encodeModel(boundaryBackward(part, flow, inputs)) }),
    forwardModel: forward(part),
    evalModel: forward(evalPart),
  };
}

/** `alone`: the segment is the whole plan, whose models list the same parameters, as the format wants. */
function lastModels(
  part: SegmentPart,
  evalPart: SegmentPart,
  flow: GradientFlow,
  inputs: readonly Value[],
  alone: boolean,
): Models {
  const { outputs, scale } = scaledLoss(evalPart);
  const evaluation = graphOf([...evalPart.inputs, ...evalPart.takes, scale], outputs);
  const training = lossBackward(part, flow, inputs);
  return {
    trainingModel: encodeModel(training),
    evalModel: encodeModel(alone ? withParameters(evaluation, training.parameters) : evaluation),
  };
}

/** A graph with the training graph's parameters in their order; those it does not use stay unused inputs. */
function withParameters(graph: Graph, parameters: readonly Value[]): Graph {
  const own = new Map(graph.parameters.map((value) => [nameOf(value), value]));
  return { ...graph, parameters: parameters.map((value) => own.get(nameOf(value)) ?? value) };
}
