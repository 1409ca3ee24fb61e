import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeModel, formatType, readModelProto } from '../packages/onnx/src/index.js';
import { compile } from '../packages/runtime/src/index.js';
import { nodePlacements } from '../packages/runtime/src/testing/node-placements.js';
import { webgpuLog } from '../packages/runtime/src/testing/node-webgpu.js';
import { adamWModel, squareSumModel } from '../packages/runtime/src/training/device-optimizer.js';
import { lowerForward, lowerTraining } from '../packages/runtime/src/training/lower.js';
import { configurationOf, objectives } from './cuda-graphs.js';

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
for (const [name, objective] of objectives(
  configurationOf('bert', 1),
  process.env.RAG_LONG ? 'all' : 'tasks',
)) {
  const { segments } = compile(objective, { initial, optimizer: {} });
  for (const segment of segments) {
    for (const how of ['overwrite', 'add'] as const)
      models.set(`${name}, ${segment.name}, ${how}`, lowerTraining(segment.trainingModel!, how, 'webgpu'));
    models.set(`${name}, ${segment.name}, evaluation`, lowerForward(segment.evalModel, 'webgpu'));
  }
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
        expect(gpu.length).toBeGreaterThan(host.length);
      });
  },
);
