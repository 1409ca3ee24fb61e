import { pickleOf, storedZip } from './pytorch-archive.js';

/** What {@link tensorPickle} may get wrong. */
export interface TensorParts {
  readonly global?: string;
  readonly storage?: string;
  readonly key?: string;
  readonly count?: number;
  readonly shape?: number[];
  readonly strides?: number[];
  readonly offset?: number;
  readonly hooks?: unknown;
  /** Further items of the persistent id: the form before torch 1.6 has one, `view_metadata`. */
  readonly view?: readonly unknown[];
}

/** A pickled state dict with one tensor `w`, any of whose parts can be wrong. */
export function tensorPickle(part: TensorParts = {}): Uint8Array {
  const { shape = [2, 2], strides = [2, 1] } = part;
  const id = {
    persistent: [
      'storage',
      { global: part.storage ?? 'torch.FloatStorage' },
      part.key ?? '0',
      'cpu',
      part.count ?? 4,
      ...(part.view ?? []),
    ],
  };
  const tensor = {
    call: part.global ?? 'torch._utils._rebuild_tensor_v2',
    args: [
      id,
      part.offset ?? 0,
      shape,
      strides,
      false,
      part.hooks ?? { call: 'collections.OrderedDict', args: [] },
    ],
  };
  return pickleOf({ dict: { w: tensor } });
}

/** The same in a zip archive. */
export function tensorArchive(
  part: TensorParts & { readonly data?: Uint8Array; readonly extra?: Record<string, Uint8Array> } = {},
): Uint8Array {
  return storedZip({
    'archive/data.pkl': tensorPickle(part),
    'archive/data/0': part.data ?? new Uint8Array(16),
    ...part.extra,
  });
}
