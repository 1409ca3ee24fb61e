import {
  add,
  encodeModel,
  gather,
  graphOf,
  InPlaceAccumulatorV2,
  input,
  linear,
  mul,
  parameter,
  readModelProto,
  reduceSum,
  type Value,
} from '@rag/onnx';
import { describe, expect, it } from 'vitest';
import { ArtifactError } from '../artifacts/error.js';
import { compile } from './compile.js';
import { lowerForward, lowerTraining, tableParameters } from './lower.js';
import { artifactsOf } from './plan.js';

const plan = compile(
  {
    build() {
      const x = input('x', 'float32', ['batch', 3]);
      const unused = input('unused', 'float32', ['batch']);
      const logits = linear(x, parameter('w', [2, 3]), parameter('b', [2]));
      const rows = reduceSum(mul(x, 0));
      return { inputs: [x, unused], sum: reduceSum(mul(logits, logits)), weight: rows, outputs: { logits } };
    },
  },
  { initial: (_, shape) => new Float32Array(shape.reduce((a, b) => a * b, 1)), optimizer: {} },
);
const { trainingModel, evalModel } = artifactsOf(plan);

const graphIn = (model: Uint8Array) => readModelProto(model).graph!;
const inputs = (model: Uint8Array) => graphIn(model).input.map(({ name }) => name);
const outputs = (model: Uint8Array) => graphIn(model).output.map(({ name }) => name);
const buffers = ['w_grad.accumulation.buffer', 'b_grad.accumulation.buffer'];
const results = ['loss', 'weight', 'logits', 'w.gradient', 'b.gradient'];

describe('a training model', () => {
  it('takes and yields the same in a narrow type, each weight cast once', () => {
    const faceOf = (model: Uint8Array) =>
      [...graphIn(model).input, ...graphIn(model).output].map(({ name, type }) => [
        name,
        type?.value.case === 'tensorType' && type.value.value.elemType,
      ]);
    for (const accumulation of ['overwrite', 'add'] as const) {
      const wide = lowerTraining(trainingModel, accumulation, 'cuda');
      const narrow = lowerTraining(trainingModel, accumulation, 'cuda', { dtype: 'float16', emulate: false });
      expect(faceOf(narrow)).toEqual(faceOf(wide));
      const cast = graphIn(narrow).node.filter(({ opType, input }) => opType === 'Cast' && input[0] === 'w');
      expect(cast).toHaveLength(1);
      expect(graphIn(wide).node.filter(({ opType }) => opType === 'Cast')).toEqual([]);
    }
    const narrow = lowerForward(evalModel, 'cuda', { dtype: 'bfloat16', emulate: true });
    expect(faceOf(narrow)).toEqual(faceOf(lowerForward(evalModel, 'cuda')));
  });

  it('is left without training-only ops', () => {
    const ops = (model: Uint8Array) => graphIn(model).node.map(({ opType }) => opType);
    expect(ops(trainingModel)).toContain('InPlaceAccumulatorV2');
    for (const accumulation of ['overwrite', 'add'] as const)
      expect(ops(lowerTraining(trainingModel, accumulation, 'cpu'))).not.toContain('InPlaceAccumulatorV2');
  });

  it('yields gradients and reads no buffer where it overwrites', () => {
    const lowered = lowerTraining(trainingModel, 'overwrite', 'cpu');
    expect(inputs(lowered)).toEqual(['x', 'unused', 'loss_scale', 'w', 'b']);
    expect(outputs(lowered)).toEqual(results);
  });

  it('yields one sum of each buffer, which nothing else reads, where it adds', () => {
    const lowered = lowerTraining(trainingModel, 'add', 'cpu');
    expect(inputs(lowered)).toEqual(['x', 'unused', 'loss_scale', ...buffers, 'w', 'b']);
    expect(outputs(lowered)).toEqual(results);
    for (const buffer of buffers) {
      const readers = graphIn(lowered).node.filter((node) => node.input.includes(buffer));
      const sum = buffer.replace('_grad.accumulation.buffer', '.gradient');
      expect(readers.map(({ opType, output }) => [opType, output])).toEqual([['Add', [sum]]]);
    }
  });

  it('accumulates into the buffer that the format names', () => {
    const x = input('x', 'float32', [2]);
    const accumulating = (name: string, flag: string) => {
      const buffer = input(name, 'float32', [2]);
      const reset = input('lazy_reset_grad', 'bool', [1]);
      return encodeModel(
        graphOf([x, buffer, reset], { [flag]: InPlaceAccumulatorV2.of([buffer, x, reset]) }),
      );
    };
    const lowered = lowerTraining(
      accumulating('w_grad.accumulation.buffer', 'w_grad.accumulation.out'),
      'add',
      'cpu',
    );
    expect(outputs(lowered)).toEqual(['w.gradient']);
    for (const [name, flag] of [
      ['v_grad.accumulation.buffer', 'w_grad.accumulation.out'],
      ['w_grad.accumulation.buffer', 'updated'],
    ] as const) {
      const attempt = () => lowerTraining(accumulating(name, flag), 'add', 'cpu');
      expect(attempt).toThrow(ArtifactError);
      expect(attempt).toThrow(`output "${flag}": expected the buffer `);
      expect(attempt).toThrow(`got "${name}"`);
    }
  });
});

describe('a table', () => {
  const ids = input('ids', 'int64', ['tokens']);
  const table = parameter('table', [100, 4]);
  const scale = parameter('scale', [4]);
  const rows = (tables: Value) => mul(gather(tables, ids), scale);
  const modelOf = (sum: Value) =>
    artifactsOf(
      compile(
        { build: () => ({ inputs: [ids], sum: reduceSum(sum), weight: reduceSum(mul(scale, 0)) }) },
        { initial: (_, shape) => new Float32Array(shape.reduce((a, b) => a * b, 1)), optimizer: {} },
      ),
    ).trainingModel;
  const buffer = 'table_grad.accumulation.buffer';
  const makers = (model: Uint8Array, name: string) =>
    graphIn(model).node.filter(({ output }) => output.includes(name));

  it('gets its rows added to the buffer itself, without zeros of its size', () => {
    const model = modelOf(rows(table));
    expect(tableParameters(model)).toEqual(['table']);
    for (const lowered of [
      lowerTraining(model, 'add', 'cpu'),
      lowerTraining(model, 'overwrite', 'cpu', undefined, new Set(['table'])),
    ]) {
      const [maker] = makers(lowered, 'table.gradient');
      expect([maker!.opType, maker!.input[0]]).toEqual(['ScatterElements', buffer]);
      expect(graphIn(lowered).node.filter(({ input: read }) => read.includes(buffer))).toHaveLength(1);
    }
    const overwriting = lowerTraining(model, 'overwrite', 'cpu');
    expect(inputs(overwriting)).not.toContain(buffer);
    expect(makers(overwriting, 'table.gradient')[0]!.opType).toBe('ScatterElements');
  });

  it('that is read in other ways too is none', () => {
    const model = modelOf(add(rows(table), reduceSum(mul(table, table))));
    expect(tableParameters(model)).toEqual([]);
    expect(makers(lowerTraining(model, 'add', 'cpu'), 'table.gradient')[0]!.opType).toBe('Add');
  });
});

it('a forward model keeps its inputs and outputs', () => {
  const lowered = lowerForward(evalModel, 'cpu');
  expect(inputs(lowered)).toEqual(inputs(evalModel));
  expect(outputs(lowered)).toEqual(outputs(evalModel));
});

it('bytes that are no model are an error', () => {
  expect(() => lowerTraining(Uint8Array.of(255, 1, 2), 'add', 'cpu')).toThrow(/expected an ONNX model/);
});
