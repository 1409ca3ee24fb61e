import { type Tensor, zeros } from '../tensor.js';
import type { TrainedParameter } from './state.js';

/** A parameter whose state lies on a device: its arrays are made when they are asked for, and let go when they hold the past. */
export interface MirroredParameter extends TrainedParameter {
  /** Lets the arrays go. */
  drop(): void;
}

/** Zeros of this shape, made on demand. */
export function mirrored(name: string, shape: readonly number[]): MirroredParameter {
  const held = new Map<string, Tensor>();
  const tensor = (kind: string): Tensor => {
    const known = held.get(kind) ?? zeros('float32', shape);
    held.set(kind, known);
    return known;
  };
  return {
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
    drop: () => held.clear(),
  };
}
