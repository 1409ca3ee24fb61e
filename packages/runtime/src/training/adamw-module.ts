/**
 * Elements per array that the module's memory holds at a time: four arrays of 32 KiB, well inside a core's L2 cache.
 */
export const chunkSize = 8192;

const f32 = 0x7d;
const i32 = 0x7f;
const v128 = 0x7b;

/** Unsigned LEB128. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

const vector = (items: readonly (readonly number[])[]): number[] => [...leb(items.length), ...items.flat()];
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...leb(content.length),
  ...content,
];
const text = (value: string): number[] => vector([...value].map((character) => [character.charCodeAt(0)]));
const get = (local: number): number[] => [0x20, ...leb(local)];
const set = (local: number): number[] => [0x21, ...leb(local)];
/** A SIMD instruction: prefix 0xfd and its number in the WebAssembly core specification. */
const simd = (opcode: number): number[] => [0xfd, ...leb(opcode)];
const splat = simd(0x13);
const sqrt = simd(0xe3);
const add = simd(0xe4);
const sub = simd(0xe5);
const mul = simd(0xe6);
const div = simd(0xe7);
/** Aligned to 16 bytes (2⁴), at a constant place of the chunk of one array. */
const load = (array: number): number[] => [...simd(0x00), 4, ...leb(array * chunkSize * 4)];
const store = (array: number): number[] => [...simd(0x0b), 4, ...leb(array * chunkSize * 4)];

/** Arrays in the module's memory, in this order. */
const [parameter, gradient, firstMoment, secondMoment] = [0, 1, 2, 3];
/** Parameters of the function: bytes to process, then the coefficients in the order of `adamwCoefficients`. */
const bytes = 0;
const coefficients = [
  'scale',
  'before',
  'after',
  'weight1',
  'beta2',
  'weight2',
  'root',
  'epsilon',
  'step',
] as const;
/** Locals: the place in bytes, a vector of each coefficient, and three values. */
const place = coefficients.length + 1;
const wide = Object.fromEntries(coefficients.map((name, i) => [name, get(place + 1 + i)])) as Record<
  (typeof coefficients)[number],
  number[]
>;
const [g, m, v] = [0, 1, 2].map((i) => place + 1 + coefficients.length + i) as [number, number, number];

/** g, m, v and the parameter of four elements, each operation rounded to float32, in PyTorch's order. */
const step: number[][] = [
  [...get(place), ...load(gradient), ...wide.scale, ...mul, ...set(g)],
  // m + (1 − β₁)(g − m)
  [...get(place), ...load(firstMoment), ...set(m)],
  [...get(m), ...wide.weight1, ...get(g), ...get(m), ...sub, ...mul, ...add, ...set(m)],
  [...get(place), ...get(m), ...store(firstMoment)],
  // β₂ v + ((1 − β₂) g) g
  [...get(place), ...load(secondMoment), ...wide.beta2, ...mul],
  [...wide.weight2, ...get(g), ...mul, ...get(g), ...mul, ...add, ...set(v)],
  [...get(place), ...get(v), ...store(secondMoment)],
  // (w before − step m / (√v root + ε)) after
  [...get(place), ...get(place), ...load(parameter), ...wide.before, ...mul],
  [
    ...wide.step,
    ...get(m),
    ...mul,
    ...get(v),
    ...sqrt,
    ...wide.root,
    ...mul,
    ...wide.epsilon,
    ...add,
    ...div,
  ],
  [...sub, ...wide.after, ...mul, ...store(parameter)],
];

const body: number[] = [
  ...vector([
    [1, i32],
    [coefficients.length + 3, v128],
  ]),
  ...coefficients.flatMap((_, i) => [...get(1 + i), ...splat, ...set(place + 1 + i)]),
  // loop … place += 16; while place < bytes
  ...[0x03, 0x40],
  ...step.flat(),
  ...[...get(place), 0x41, 16, 0x6a, 0x22, ...leb(place)],
  ...[...get(bytes), 0x49, 0x0d, 0],
  ...[0x0b, 0x0b],
];

/**
 * A WebAssembly module with `memory` (the chunks of parameter, gradient, first and second moment, one after the other) and
 * `adamw(bytes, …coefficients)`, which updates the first `bytes` bytes (a positive multiple of 16) of each.
 * Decoupled weight decay: Loshchilov & Hutter, arXiv:1711.05101.
 *
 * Four lanes of float32, copies into and out of the module's memory included, take about half the time of a JavaScript
 * loop: its roots and quotients are float64, one at a time, and rounding each to float32 doubles its time again.
 */
export const adamwModule: Uint8Array<ArrayBuffer> = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, vector([[0x60, ...vector([[i32], ...coefficients.map(() => [f32])]), 0]])),
  ...section(3, vector([[0]])),
  ...section(5, vector([[0, ...leb((4 * chunkSize * 4) / 65_536)]])),
  ...section(
    7,
    vector([
      [...text('memory'), 2, 0],
      [...text('adamw'), 0, 0],
    ]),
  ),
  ...section(10, vector([[...leb(body.length), ...body]])),
]);
