import {
  add,
  encodeModel,
  type Graph,
  gradients,
  graphOf,
  InPlaceAccumulatorV2,
  input,
  leavesOf,
  mul,
  nameOf,
  reduceSum,
  replaceValues,
  type Value,
} from '@rag/onnx';
import { type NamedTensor, noProperties } from '../artifacts/checkpoint.js';
import { encodeCheckpoint } from '../artifacts/encode-checkpoint.js';
import { ArtifactError } from '../artifacts/error.js';
import {
  checkTrainingModelNames,
  gradientBuffer,
  gradientUpdated,
  lazyResetGrad,
} from '../artifacts/names.js';
import { boundaryGradient, checkObjective, type Objective, type ObjectiveGraph } from './objective.js';
import { encodeOptimizer, type OptimizerSettings } from './optimizer-model.js';
import { lossScale, type Plan, type Segment } from './plan.js';

export interface CompileOptions {
  /** Initial value of a parameter, by its name. */
  readonly initial: (name: string, shape: readonly number[]) => Float32Array;
  /** Parameters that are updated; all by default. */
  readonly trainable?: (name: string) => boolean;
  readonly optimizer: OptimizerSettings;
}

/**
 * Compiles an objective to training artifacts: differentiated graphs with parameters as inputs, the optimizer's settings
 * and a checkpoint of the initial parameters. An objective with a cut becomes two segments, `encoder` and `head`.
 * @throws ArtifactError for names that the format reserves and for parameters that it cannot train, GraphError for what
 * cannot be differentiated
 */
export function compile(
  objective: Objective,
  { initial, trainable = () => true, optimizer }: CompileOptions,
): Plan {
  const train = objective.build('train');
  const evaluation = objective.build('eval');
  checkObjective(train, evaluation);
  const userInputs = [...new Set([...train.inputs, ...evaluation.inputs].map(nameOf)), lossScale];
  checkTrainingModelNames(userInputs, []);
  const segments = train.cut
    ? cutSegments(train, evaluation, trainable)
    : [wholeSegment(train, evaluation, trainable)];
  const parameters = new Map<string, Value>();
  for (const { parameters: own, name } of segments)
    for (const value of own) {
      if (parameters.has(nameOf(value)))
        throw new ArtifactError(
          `segment "${name}"`,
          `expected parameters of its own, got "${nameOf(value)}" on both sides of the cut — cut elsewhere`,
        );
      parameters.set(nameOf(value), value);
    }
  checkTrainingModelNames(userInputs, [...parameters.keys()]);
  const tensors = [...parameters].map(([name, value]): NamedTensor => {
    if (value.dtype !== 'float32')
      throw new ArtifactError(
        `parameter "${name}"`,
        `expected float32, got ${value.dtype} — cast it inside the graph`,
      );
    const shape = value.shape as readonly number[];
    return { name, dtype: 'float32', shape, data: initial(name, shape) };
  });
  return {
    segments: segments.map(({ parameters: _, ...segment }) => segment),
    optimizerModel: encodeOptimizer(optimizer, tensors.map(({ name }) => name).filter(trainable)),
    checkpoint: encodeCheckpoint({
      trainable: tensors.filter(({ name }) => trainable(name)),
      frozen: tensors.filter(({ name }) => !trainable(name)),
      properties: noProperties(),
    }),
  };
}

type Compiled = Segment & { readonly parameters: readonly Value[] };
type Trainable = (name: string) => boolean;

function wholeSegment(train: ObjectiveGraph, evaluation: ObjectiveGraph, trainable: Trainable): Compiled {
  const graph = backward('whole', train.inputs, scaledLoss(train), resultsOf(train), [], trainable);
  return {
    name: 'whole',
    trainingModel: encodeModel(graph),
    evalModel: encodeModel(evaluationGraph(evaluation, graph.parameters)),
    takes: [],
    yields: [],
    parameters: graph.parameters,
  };
}

function cutSegments(train: ObjectiveGraph, evaluation: ObjectiveGraph, trainable: Trainable): Compiled[] {
  const names = Object.keys(train.cut!);
  const encoder = encoderSegment(names, train, evaluation, trainable);
  const [cutTrain, cutEval] = [withoutEncoder(train), withoutEncoder(evaluation)];
  const boundary = cutTrain.inputs.filter((value) => names.includes(nameOf(value)));
  const graph = backward(
    'head',
    cutTrain.inputs,
    scaledLoss(cutTrain),
    resultsOf(cutTrain),
    boundary,
    trainable,
  );
  const head: Compiled = {
    name: 'head',
    trainingModel: encodeModel(graph),
    evalModel: encodeModel(evaluationGraph(cutEval, graph.parameters)),
    takes: names,
    yields: [],
    parameters: graph.parameters,
  };
  return [encoder, head];
}

function encoderSegment(
  names: readonly string[],
  train: ObjectiveGraph,
  evaluation: ObjectiveGraph,
  trainable: Trainable,
): Compiled {
  const values = names.map((name) => train.cut![name]!);
  const arriving = names.map((name, i) => input(boundaryGradient(name), values[i]!.dtype, values[i]!.shape));
  const surrogate = values.map((value, i) => reduceSum(mul(value, arriving[i]!))).reduce((a, b) => add(a, b));
  const used = encoderInputs(train);
  const graph = backward('encoder', [...used, ...arriving], surrogate, {}, [], trainable);
  const forward = (outputs: Readonly<Record<string, Value>>, inputs: readonly Value[]): Uint8Array =>
    encodeModel(withParameters(graphOf(inputs, outputs), graph.parameters));
  return {
    name: 'encoder',
    trainingModel: encodeModel(graph),
    forwardModel: forward(train.cut!, used),
    evalModel: forward(evaluation.cut!, encoderInputs(evaluation)),
    takes: [],
    yields: names,
    parameters: graph.parameters,
  };
}

/** The objective after the cut: boundary tensors become inputs. */
function withoutEncoder(graph: ObjectiveGraph): ObjectiveGraph {
  const cut = Object.entries(graph.cut!);
  const boundary = cut.map(([name, value]) => input(name, value.dtype, value.shape));
  const replaced = new Map(cut.map(([, value], i) => [value, boundary[i]!]));
  const names = Object.keys(graph.outputs ?? {});
  const [sum, weight, ...outputs] = replaceValues(
    [graph.sum, graph.weight, ...Object.values(graph.outputs ?? {})],
    replaced,
  );
  const ends = [sum!, weight!, ...outputs];
  return {
    inputs: [...usedInputs(graph.inputs, ends), ...boundary],
    sum: sum!,
    weight: weight!,
    outputs: Object.fromEntries(names.map((name, i) => [name, outputs[i]!])),
  };
}

/** What the encoder reads, and what nothing reads: a batch may feed all that the objective declares, as without a cut. */
function encoderInputs(graph: ObjectiveGraph): Value[] {
  const before = new Set(usedInputs(graph.inputs, Object.values(graph.cut!)));
  const after = new Set(withoutEncoder(graph).inputs);
  return graph.inputs.filter((value) => before.has(value) || !after.has(value));
}

const usedInputs = (inputs: readonly Value[], ends: readonly Value[]): Value[] => {
  const leaves = new Set(leavesOf(ends));
  return inputs.filter((value) => leaves.has(value));
};

interface ScaledLoss {
  readonly loss: Value;
  readonly scale: readonly Value[];
}

function scaledLoss({ sum }: ObjectiveGraph): ScaledLoss {
  const scale = input(lossScale, 'float32', []);
  return { loss: mul(sum, scale), scale: [scale] };
}

const resultsOf = ({ weight, outputs }: ObjectiveGraph): Readonly<Record<string, Value>> => ({
  weight,
  ...outputs,
});

/** Forward, backward and accumulation; `boundary` inputs get their gradients as outputs. */
function backward(
  name: string,
  inputs: readonly Value[],
  loss: Value | ScaledLoss,
  results: Readonly<Record<string, Value>>,
  boundary: readonly Value[],
  trainable: Trainable,
): Graph {
  const { loss: scalar, scale } = 'loss' in loss ? loss : { loss, scale: [] };
  const used = leavesOf([scalar]).filter((value) => value.source.kind === 'parameter');
  const trained = used.filter((value) => trainable(nameOf(value)));
  if (trained.length + boundary.length === 0)
    throw new ArtifactError(
      `segment "${name}"`,
      'expected at least one trainable parameter, got none — check `trainable`',
    );
  const slopes = gradients(scalar, [...trained, ...boundary]);
  const reset = input(lazyResetGrad, 'bool', [1]);
  const buffers = trained.map((value) => input(gradientBuffer(nameOf(value)), 'float32', value.shape));
  const updated = trained.map((value, i) => [
    gradientUpdated(nameOf(value)),
    InPlaceAccumulatorV2.of([buffers[i]!, slopes[i]!, reset]),
  ]);
  const arrived = boundary.map((value, i) => [boundaryGradient(nameOf(value)), slopes[trained.length + i]!]);
  const graph = graphOf([...inputs, ...scale, ...buffers, reset], {
    loss: scalar,
    ...results,
    ...Object.fromEntries([...arrived, ...updated]),
  });
  const idle = graph.parameters.find((value) => trainable(nameOf(value)) && !used.includes(value));
  if (idle)
    throw new ArtifactError(
      `parameter "${nameOf(idle)}"`,
      'expected the loss to depend on what is trained, got one that only other outputs read — freeze it',
    );
  return graph;
}

/** Forward of the loss without gradients. */
function evaluationGraph(graph: ObjectiveGraph, parameters: readonly Value[]): Graph {
  const { loss, scale } = scaledLoss(graph);
  return withParameters(graphOf([...graph.inputs, ...scale], { loss, ...resultsOf(graph) }), parameters);
}

/** A graph with the training graph's parameters in their order, as the format wants; those it does not use stay unused inputs. */
function withParameters(graph: Graph, parameters: readonly Value[]): Graph {
  const own = new Map(graph.parameters.map((value) => [nameOf(value), value]));
  const all = parameters.map((value) => own.get(nameOf(value)) ?? value);
  for (const value of all) own.delete(nameOf(value));
  const [extra] = own.keys();
  if (extra !== undefined)
    throw new ArtifactError(
      `"${extra}"`,
      'expected every parameter of evaluation in training too, got one only in evaluation — build both modes from the same layers',
    );
  return { ...graph, parameters: all };
}
