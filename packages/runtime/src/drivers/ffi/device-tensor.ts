import { SessionError } from '../../error.js';
import type { Lifetime } from '../../lifetime.js';
import { dtypes, type Tensor } from '../../tensor.js';
import type { DeviceTensor } from '../device.js';
import type { Api, Pointer } from './api.js';
import { readTypeAndShape } from './value.js';

/** What the functions of one device share. */
export interface DevicePlaces {
  readonly api: Api;
  /** `OrtMemoryInfo` of the host. */
  readonly host: Pointer;
  /** `OrtMemoryInfo` of the device. */
  readonly device: Pointer;
}

/** An `OrtValue` in the memory of a device, which is the one of `places`. */
export class OrtTensor implements DeviceTensor {
  #pointer: bigint | null;

  constructor(
    private readonly places: DevicePlaces,
    readonly dtype: Tensor['dtype'],
    readonly shape: readonly number[],
    pointer: bigint,
    /** Ends the hold on what allocated it, which must live as long. */
    private readonly end: () => void,
  ) {
    this.#pointer = pointer;
  }

  /** Frees it, once the runs that read it are through: ONNX Runtime counts references. */
  dispose(): void {
    this.places.api.release('ReleaseValue', this.#pointer);
    this.#pointer = null;
    this.end();
  }

  /** The `OrtValue` of a tensor of this device; throws SessionError for another object, another device's and a disposed one. */
  static pointer(where: string, tensor: DeviceTensor, places: DevicePlaces): bigint {
    if (!(tensor instanceof OrtTensor) || tensor.places !== places)
      throw new SessionError(
        where,
        'expected a tensor of this device, got one of another — download it there and upload it here',
      );
    if (tensor.#pointer === null)
      throw new SessionError(where, 'expected a live tensor of the device, got one that was disposed');
    return tensor.#pointer;
  }

  /** Memory of the device for a tensor like this one, not initialised. */
  static allocate(
    places: DevicePlaces,
    allocator: Pointer,
    owner: Lifetime,
    { dtype, shape }: Tensor,
  ): OrtTensor {
    const pointer = places.api.take(
      `upload ${dtype}[${shape.join(', ')}]`,
      'CreateTensorAsOrtValue',
      allocator,
      BigInt64Array.from(shape, BigInt),
      shape.length,
      dtypes[dtype].code,
    );
    return new OrtTensor(places, dtype, shape, pointer, owner.hold());
  }

  /** Takes over an `OrtValue` that ONNX Runtime has made on the device; releases it where its shape cannot be read. */
  static adopt(
    places: DevicePlaces,
    where: string,
    owner: Lifetime,
    dtype: Tensor['dtype'],
    value: bigint,
  ): OrtTensor {
    const { api } = places;
    let info: bigint | null = null;
    try {
      info = api.take(where, 'GetTensorTypeAndShape', value);
      return new OrtTensor(places, dtype, readTypeAndShape(api, where, info).shape, value, owner.hold());
    } catch (error) {
      api.release('ReleaseValue', value);
      throw error;
    } finally {
      api.release('ReleaseTensorTypeAndShapeInfo', info);
    }
  }
}
