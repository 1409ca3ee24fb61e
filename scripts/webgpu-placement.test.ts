import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  decodeModel,
  encodeModel,
  formatType,
  optimize,
  readModelProto,
} from '../packages/onnx/src/index.js';
import { scoresGraph } from '../packages/reranker/src/score-model.js';
import type { RerankerLoss } from '../packages/reranker/src/training/objective.js';
import { type CompileOptions, compile, type Objective } from '../packages/runtime/src/index.js';
import { nodePlacements } from '../packages/runtime/src/testing/node-placements.js';
import { webgpuLog } from '../packages/runtime/src/testing/node-webgpu.js';
import { adamWModel, squareSumModel } from '../packages/runtime/src/training/device-optimizer.js';
import { lowerForward, lowerTraining } from '../packages/runtime/src/training/lower.js';
import { decoderTrainings, decoderTypes, frozenStorages, yesNoScores } from './cuda-decoder-graphs.js';
import { configurationOf, objectives, rerankerLosses } from './cuda-graphs.js';

const folder = mkdtempSync(join(tmpdir(), 'rag-placement-'));
afterAll(() => rmSync(folder, { recursive: true }));

const initial = (_: string, shape: readonly number[]) => new Float32Array(shape.reduce((a, b) => a * b, 1));
const parameters = [
  { name: 'weight', shape: [8, 4], group: 0 },
  { name: 'bias', shape: [8], group: 1 },
];
const models = new Map<string, Uint8Array>([
  ['AdamW', adamWModel(parameters, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 })],
  ['square sum', squareSumModel(parameters)],
]);
/** bfloat16 is refused where a training is opened: WebGPU has no such type. */
const storagesFed = frozenStorages.filter((storage) => storage !== 'bfloat16');

function addTraining(
  name: string,
  objective: Objective,
  options: Pick<CompileOptions, 'trainable' | 'resident'> = {},
): void {
  const { segments } = compile(objective, { initial, optimizer: {}, ...options });
  const known = new Set<Uint8Array>();
  for (const { name: segment, trainingModel, evalModel } of segments) {
    // Segments that are one kind have one model.
    if (known.has(evalModel)) continue;
    known.add(evalModel);
    if (trainingModel)
      for (const how of ['overwrite', 'add'] as const)
        models.set(`${name}, ${segment}, ${how}`, lowerTraining(trainingModel, how, 'webgpu'));
    models.set(`${name}, ${segment}, evaluation`, lowerForward(evalModel, 'webgpu'));
  }
}
for (const [name, objective] of objectives(
  configurationOf('bert', 1),
  process.env.RAG_LONG ? 'all' : 'tasks',
))
  addTraining(name, objective);
for (const type of process.env.RAG_LONG ? decoderTypes : ['qwen2']) {
  const config = configurationOf(type, 2);
  const scores = yesNoScores(config);
  models.set(`${type}, served`, encodeModel(optimize(scoresGraph(scores), 'webgpu')));
  const [[, loss]] = rerankerLosses() as [[string, RerankerLoss]];
  const storages = process.env.RAG_LONG ? storagesFed : (['float32', 'int4'] as const);
  for (const { name, objective, options } of decoderTrainings(config, loss, storages))
    addTraining(`${type}, ${name}`, objective, options);
}
const paths = [...models.keys()].map((_, i) => join(folder, `${i}.onnx`));
for (const [i, model] of [...models.values()].entries()) writeFileSync(paths[i]!, model);
const found = webgpuLog(paths);

/** The types that the nodes of a model compute in, by name: those of their results, or what a Cast reads. */
function typesOf(model: Uint8Array): ReadonlyMap<string, string> {
  const names = readModelProto(model).graph?.node.map(({ name }) => name) ?? [];
  const { nodes } = decodeModel(model).graph;
  return new Map(
    nodes.map(({ op, inputs, outputs }, i) => [
      names[i]!,
      (op.opType === 'Cast' ? [inputs[0]!] : outputs).map(formatType).join(', '),
    ]),
  );
}

/** Integers and truth values: sizes, indices and masks of a few elements, which ONNX Runtime keeps on the host by design. */
const isShapeArithmetic = (types: string | undefined): boolean => types !== undefined && !/float/.test(types);

describe.skipIf('reason' in found)(
  `graphs with provider webgpu${'reason' in found ? `: ${found.reason}` : ''}`,
  () => {
    const placements = 'log' in found ? nodePlacements(found.log) : [];

    it('are all in the log', () => expect(placements).toHaveLength(models.size));

    for (const [i, [name, model]] of [...models].entries())
      it(`compute on the GPU: ${name}`, () => {
        const { CPUExecutionProvider: host = [], WebGpuExecutionProvider: gpu = [] } = Object.fromEntries(
          placements[i]!,
        );
        const types = typesOf(model);
        expect(
          host
            .filter((node) => !isShapeArithmetic(types.get(node.name)))
            .map((node) => `${node.opType} ${node.name}: ${types.get(node.name)}`),
        ).toEqual([]);
        // The embeddings of a decoder are one lookup, and their gradient one sum at places that are computed.
        expect(gpu.length).toBeGreaterThan(/hidden_states\.0/.test(name) ? 0 : host.length);
      });

    it('leave of a served decoder the places of tokens and of the last ones to the host, and nothing of a layer', () => {
      const served = placements[[...models.keys()].indexOf('qwen2, served')]!;
      expect(served.get('CPUExecutionProvider')!.map(({ opType, name }) => `${opType} ${name}`)).toEqual([
        ...['Cast', 'Slice', 'Squeeze', 'Range', 'Cast_1'].map(
          (node) => `${node.replace('_1', '')} model/attention/full_attention/${node}`,
        ),
        'Add Add',
        'Sub Sub',
      ]);
    });
  },
);
