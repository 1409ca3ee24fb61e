import { readEntry } from './external-locations.js';
import { bytesField, EXTERNAL_DATA, fieldAt, HOLDS, type OnnxMessage } from './onnx-wire.js';

/**
 * The same ONNX model with other names for its files of external data; everything else stays byte for byte.
 * @param bytes a model that `externalLocations` has walked through
 * @throws RangeError for a file that is not renamed
 */
export function relocateExternal(bytes: Uint8Array, names: ReadonlyMap<string, string>): Uint8Array {
  return join(rewrite(bytes, 'Model', names));
}

function rewrite(bytes: Uint8Array, message: OnnxMessage, names: ReadonlyMap<string, string>): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { number, wire, length, next } = fieldAt(bytes, at)!;
    const content = bytes.subarray(next, next + length);
    const inner = wire === 2 ? HOLDS[message][number] : undefined;
    if (inner !== undefined) parts.push(bytesField(number, join(rewrite(content, inner, names))));
    else if (message === 'Tensor' && number === EXTERNAL_DATA && wire === 2)
      parts.push(bytesField(number, renamed(content, names)));
    else parts.push(bytes.subarray(at, next + length));
    at = next + length;
  }
  return parts;
}

function renamed(entry: Uint8Array, names: ReadonlyMap<string, string>): Uint8Array {
  const [key, value] = readEntry(entry)!;
  if (key !== 'location') return entry;
  const name = names.get(value);
  if (name === undefined)
    throw new RangeError(`external data: expected a name for ${value}, got none — give it`);
  const text = (content: string) => new TextEncoder().encode(content);
  return join([bytesField(1, text(key)), bytesField(2, text(name))]);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
