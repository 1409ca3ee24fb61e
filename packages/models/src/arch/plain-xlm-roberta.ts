import type { TensorIndex } from '../checkpoint.js';

/** The names of Jina's code, and those of transformers' XLM-R for the same tensors. */
const NAMES: readonly (readonly [published: RegExp, plain: string])[] = [
  [/^emb_ln$/, 'embeddings.LayerNorm'],
  [/^encoder\.layers\.(\d+)\.mixer\.out_proj$/, 'encoder.layer.$1.attention.output.dense'],
  [/^encoder\.layers\.(\d+)\.norm1$/, 'encoder.layer.$1.attention.output.LayerNorm'],
  [/^encoder\.layers\.(\d+)\.mlp\.fc1$/, 'encoder.layer.$1.intermediate.dense'],
  [/^encoder\.layers\.(\d+)\.mlp\.fc2$/, 'encoder.layer.$1.output.dense'],
  [/^encoder\.layers\.(\d+)\.norm2$/, 'encoder.layer.$1.output.LayerNorm'],
];
const PACKED = /^encoder\.layers\.(\d+)\.mixer\.Wqkv$/;
const PARTS = ['query', 'key', 'value'];

/** A tensor of the file, or one of the thirds of its rows. */
interface Source {
  readonly name: string;
  readonly third?: number;
}

/**
 * The tensors of Jina's XLM-R with absolute positions as transformers' XLM-R names them, queries, keys and values apart: it is the
 * same model, and under these names any tool opens what is saved, while the published code needs older libraries. Thirds of a
 * packed tensor lie one after the other, so they are still read in place.
 * @throws RangeError for a packed tensor whose rows are not three equal parts
 */
export function plainXlmRoberta(tensors: TensorIndex): TensorIndex {
  const sources = new Map<string, Source>();
  for (const name of tensors.names)
    for (const [plain, source] of plainNames(name, tensors)) sources.set(plain, source);
  const find = (name: string): Source => sources.get(name) ?? { name };
  const thirdOf = <T>(whole: number, third: number, take: (from: number, length: number) => T): T =>
    take((whole / 3) * third, whole / 3);
  return {
    names: [...sources.keys()],
    has: (name) => sources.has(name),
    shape(name) {
      const { name: stored, third } = find(name);
      const [rows = 0, ...rest] = tensors.shape(stored);
      return third === undefined ? tensors.shape(stored) : [rows / 3, ...rest];
    },
    dtype: (name) => tensors.dtype(find(name).name),
    location(name) {
      const { name: stored, third } = find(name);
      const place = tensors.location(stored);
      if (place === undefined || third === undefined) return place;
      return thirdOf(place.length, third, (from, length) => ({
        ...place,
        offset: place.offset + from,
        length,
      }));
    },
    parts(name) {
      const { name: stored, third } = find(name);
      const parts = tensors.parts?.(stored);
      if (parts === undefined || third === undefined) return parts;
      const { location } = parts;
      return {
        ...parts,
        location: thirdOf(location.length, third, (from, length) => ({
          ...location,
          offset: location.offset + from,
          length,
        })),
        adapters: async () =>
          (await parts.adapters()).map((adapter) => ({
            ...adapter,
            left: thirdOf(adapter.left.length, third, (from, length) =>
              adapter.left.slice(from, from + length),
            ),
          })),
      };
    },
    async read(name) {
      const { name: stored, third } = find(name);
      const whole = await tensors.read(stored);
      if (third === undefined) return whole;
      return thirdOf(whole.length, third, (from, length) => whole.slice(from, from + length));
    },
  };
}

function plainNames(name: string, tensors: TensorIndex): [plain: string, source: Source][] {
  const [, prefix, stem, kind] = /^(roberta\.|)(.+)\.(weight|bias)$/.exec(name) ?? [];
  if (stem === undefined) return [[name, { name }]];
  const packed = PACKED.exec(stem);
  if (packed) {
    const rows = tensors.shape(name)[0] ?? 0;
    if (rows === 0 || rows % 3 !== 0)
      throw new RangeError(
        `${name}: expected queries, keys and values, three equal parts of its rows, got [${tensors.shape(name)}] — fetch the weights again`,
      );
    const self = `${prefix}encoder.layer.${packed[1]}.attention.self`;
    return PARTS.map((part, third) => [`${self}.${part}.${kind}`, { name, third }]);
  }
  const found = NAMES.find(([published]) => published.test(stem));
  const plain = found ? `${prefix}${stem.replace(...found)}.${kind}` : name;
  return [[plain, { name }]];
}
