import { ONNX_DTYPES, type OnnxChoice } from '@rag/models';
import type { Command } from 'commander';
import { text } from '../config/kind.js';
import { flagParser } from './flag-parser.js';

/** The flag of commands that can open the ONNX file of a model in place of its weights. */
export interface OnnxFlag {
  readonly onnx?: OnnxChoice;
}

/** The flag by what a model's opening calls it. */
export const onnxFlagName = { onnx: '--onnx' } as const;

/** Adds it to a command. */
export const addOnnxFlag = (command: Command): Command =>
  command.option(
    '--onnx <file>',
    `open an ONNX file in place of weights: ${ONNX_DTYPES.join(', ')}, or its path; without it onnx/model.onnx where there are no weights`,
    flagParser('--onnx', text),
  );

/** What the flag says. */
export const onnxOption = ({ onnx }: OnnxFlag): OnnxFlag => (onnx === undefined ? {} : { onnx });
