import { type Tensor, zeros } from '../tensor.js';
import type { TrainedParameter } from './state.js';

/** A parameter whose state lies on a device: its arrays are made when they are asked for, and let go when they hold the past. */
export interface MirroredParameter extends TrainedParameter {
  /** Lets the arrays go. */
  drop(): void;
}

/** A parameter whose four tensors are asked for each time that they are read. */
export const parameterOf = (
  name: string,
  shape: readonly number[],
  tensor: (part: 'value' | 'gradient' | 'first' | 'second') => Tensor,
): TrainedParameter => ({
  name,
  shape,
  get value() {
    return tensor('value');
  },
  get gradient() {
    return tensor('gradient');
  },
  get first() {
    return tensor('first').data as Float32Array;
  },
  get second() {
    return tensor('second').data as Float32Array;
  },
});

/** Zeros of this shape, made on demand. */
export function mirrored(name: string, shape: readonly number[]): MirroredParameter {
  const held = new Map<string, Tensor>();
  const tensor = (kind: string): Tensor => {
    const known = held.get(kind) ?? zeros('float32', shape);
    held.set(kind, known);
    return known;
  };
  // Its getters stay getters.
  return Object.assign(parameterOf(name, shape, tensor), { drop: () => held.clear() });
}
