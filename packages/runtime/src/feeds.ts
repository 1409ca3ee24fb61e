import type { TensorInfo } from './drivers/driver.js';
import { SessionError } from './error.js';
import { checkTensor, overlaps, type Tensor } from './tensor.js';

function known(infos: readonly TensorInfo[]): string {
  return infos.map((info) => info.name).join(', ');
}

/** The description of a named input or output; throws SessionError for a name that the model does not have. */
export function find(
  where: string,
  kind: 'input' | 'output',
  infos: readonly TensorInfo[],
  name: string,
): TensorInfo {
  const info = infos.find((candidate) => candidate.name === name);
  if (info === undefined) {
    throw new SessionError(where, `expected one of the model's ${kind}s (${known(infos)}), got "${name}"`);
  }
  return info;
}

/** Throws SessionError unless the tensor has the dtype, the rank and the static sizes of an input or output. */
export function checkFits(where: string, info: TensorInfo, tensor: Tensor): void {
  checkTensor(where, tensor);
  if (tensor.dtype !== info.dtype) {
    throw new SessionError(where, `expected ${info.dtype}, got ${tensor.dtype}`);
  }
  // An empty shape also stands for a rank that the model leaves open: ONNX Runtime checks that one.
  if (info.shape.length === 0) return;
  const fits =
    info.shape.length === tensor.shape.length &&
    info.shape.every((size, axis) => typeof size === 'string' || size === tensor.shape[axis]);
  if (!fits) {
    const expected = info.shape.map((size) => (size === '' ? '?' : size)).join(', ');
    throw new SessionError(where, `expected shape [${expected}], got [${tensor.shape.join(', ')}]`);
  }
}

/** Throws SessionError on a missing, unknown or unfitting feed. */
export function checkFeeds(
  where: string,
  infos: readonly TensorInfo[],
  feeds: Readonly<Record<string, Tensor>>,
): void {
  for (const { name } of infos) {
    if (!Object.hasOwn(feeds, name)) {
      throw new SessionError(
        where,
        `expected the inputs ${known(infos)}, got none named "${name}" — feed it`,
      );
    }
  }
  for (const [name, tensor] of Object.entries(feeds)) {
    checkFits(`${where}: input "${name}"`, find(where, 'input', infos, name), tensor);
  }
}

/** Names of outputs, or tensors to write them into. */
export type Fetches = readonly string[] | Readonly<Record<string, Tensor>>;

/** What to fetch: a tensor to write into, or null for new memory. Throws SessionError on unknown names and unfitting tensors. */
export function resolveFetches(
  where: string,
  infos: readonly TensorInfo[],
  fetches: Fetches | undefined,
): Record<string, Tensor | null> {
  const names = fetches ?? infos.map((info) => info.name);
  const resolved: Record<string, Tensor | null> = {};
  for (const [name, tensor] of isNames(names)
    ? names.map((each) => [each, null] as const)
    : Object.entries(names)) {
    const info = find(where, 'output', infos, name);
    if (tensor !== null) checkFits(`${where}: output "${name}"`, info, tensor);
    resolved[name] = tensor;
  }
  if (Object.keys(resolved).length === 0) {
    throw new SessionError(where, `expected at least one output to fetch (${known(infos)}), got none`);
  }
  return resolved;
}

function isNames(fetches: Fetches): fetches is readonly string[] {
  return Array.isArray(fetches);
}

/**
 * Throws SessionError if an output shares memory with an input or another output, but for the pairs of `inPlaceAdd`, which
 * must be the same elements and float32: the one pattern that is tested.
 */
export function checkMemory(
  where: string,
  inputs: Readonly<Record<string, Tensor>>,
  outputs: Readonly<Record<string, Tensor | null>>,
  inPlaceAdd: Readonly<Record<string, string>> = {},
): void {
  const written = Object.entries(outputs).filter((entry): entry is [string, Tensor] => entry[1] !== null);
  written.forEach(([name, tensor], i) => {
    for (const [other, otherTensor] of written.slice(i + 1)) {
      if (overlaps(tensor, otherTensor)) {
        throw new SessionError(
          `${where}: output "${name}"`,
          `expected memory of its own, got that of output "${other}"`,
        );
      }
    }
    for (const [input, inputTensor] of Object.entries(inputs)) {
      if (!overlaps(tensor, inputTensor)) continue;
      const same =
        tensor.data.byteOffset === inputTensor.data.byteOffset &&
        tensor.data.byteLength === inputTensor.data.byteLength &&
        tensor.dtype === 'float32';
      if (!same || inPlaceAdd[name] !== input) {
        throw new SessionError(
          `${where}: output "${name}"`,
          `expected memory of its own, got that of input "${input}" — give it another array, or bind it as inPlaceAdd if it is Add(${input}, …) in float32`,
        );
      }
    }
  });
}
