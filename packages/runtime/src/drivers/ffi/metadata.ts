import koffi from 'koffi';
import { SessionError } from '../../error.js';
import { dtypeOfCode } from '../../tensor.js';
import type { TensorInfo } from '../driver.js';
import type { Api, Out, Pointer } from './api.js';
import { readTypeAndShape } from './value.js';

/** Names, dtypes and shapes of a session's inputs or outputs, in the model's order. */
export function readMetadata(api: Api, session: Pointer, kind: 'Input' | 'Output'): TensorInfo[] {
  const where = `createSession: ${kind.toLowerCase()}s`;
  const count: Out<number> = [null];
  api.call(where, `SessionGet${kind}Count`, session, count);
  return Array.from({ length: count[0]! }, (_, index) => {
    const name = readName(api, session, kind, index);
    return { name, ...readType(api, session, kind, index, name) };
  });
}

function readName(api: Api, session: Pointer, kind: 'Input' | 'Output', index: number): string {
  const where = `createSession: ${kind.toLowerCase()} ${index}`;
  // The default allocator belongs to ONNX Runtime and is never released.
  const allocator: Out<bigint> = [null];
  api.call(where, 'GetAllocatorWithDefaultOptions', allocator);
  const name: Out<bigint> = [null];
  api.call(where, `SessionGet${kind}Name`, session, index, allocator[0], name);
  try {
    return koffi.decode.string(name[0]);
  } finally {
    api.call(where, 'AllocatorFree', allocator[0], name[0]);
  }
}

function readType(
  api: Api,
  session: Pointer,
  kind: 'Input' | 'Output',
  index: number,
  name: string,
): Pick<TensorInfo, 'dtype' | 'shape'> {
  const where = `createSession: ${kind.toLowerCase()} "${name}"`;
  const typeInfo = api.take(where, `SessionGet${kind}TypeInfo`, session, index);
  try {
    // A part of the type info: not released by itself.
    const tensorInfo: Out<bigint> = [null];
    api.call(where, 'CastTypeInfoToTensorInfo', typeInfo, tensorInfo);
    if (tensorInfo[0] === null) {
      throw new SessionError(
        where,
        'expected a tensor, got a sequence, map or optional — change the model to tensors',
      );
    }
    const { code, shape } = readTypeAndShape(api, where, tensorInfo[0]);
    const symbols: Pointer[] = shape.map(() => null);
    if (shape.length > 0) api.call(where, 'GetSymbolicDimensions', tensorInfo[0], symbols, shape.length);
    return {
      dtype: dtypeOfCode(where, code),
      shape: shape.map((size, axis) => (size >= 0 ? size : koffi.decode.string(symbols[axis]))),
    };
  } finally {
    api.release('ReleaseTypeInfo', typeInfo);
  }
}
