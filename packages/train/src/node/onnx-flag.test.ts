import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addOnnxFlag, type OnnxFlag, onnxOption } from './onnx-flag.js';

test('a dtype or a path, or nothing', () => {
  const of = (...flags: string[]) =>
    onnxOption(addOnnxFlag(new Command().exitOverride()).parse(flags, { from: 'user' }).opts<OnnxFlag>());
  expect(of()).toEqual({});
  expect(of('--onnx', 'q8')).toEqual({ onnx: 'q8' });
  expect(of('--onnx', 'onnx/model_O3.onnx')).toEqual({ onnx: 'onnx/model_O3.onnx' });
});
