import { readModelProto } from '@rag/onnx';
import { gradientBuffer } from '../artifacts/names.js';
import type { Segment } from './plan.js';
import { namingOf } from './segment-names.js';

const inputsOf = new WeakMap<Uint8Array, readonly string[]>();

/** The inputs that a model declares, by its own names. */
export function declaredInputs(model: Uint8Array): readonly string[] {
  const known = inputsOf.get(model) ?? (readModelProto(model).graph?.input ?? []).map(({ name }) => name);
  inputsOf.set(model, known);
  return known;
}

const ending = gradientBuffer('');

/** The parameters that a segment trains: its models' name of each → the plan's. */
export function trainedBy(segment: Segment): ReadonlyMap<string, string> {
  const naming = namingOf(segment);
  const declared = segment.trainingModel ? declaredInputs(segment.trainingModel) : [];
  const buffers = declared.filter((name) => name.endsWith(ending));
  return new Map(buffers.map((name) => name.slice(0, -ending.length)).map((name) => [name, naming(name)]));
}
