/** What the interpreter builds. Python's tuple and list are kept apart; a dict is a Map, so no key can reach a prototype. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickleTuple
  | PickleList
  | PickleDict
  | PickleGlobal
  | PickleObject;
export type PickleTuple = { readonly kind: 'tuple'; readonly items: readonly PickleValue[] };
export type PickleList = { readonly kind: 'list'; readonly items: PickleValue[] };
export type PickleDict = {
  readonly kind: 'dict';
  /** An OrderedDict may carry attributes (`_metadata`: versions of modules), which are checked and let go. */
  readonly ordered: boolean;
  readonly items: Map<string | number | boolean | null, PickleValue>;
};
/** A class or function that the pickle names and the reader allows. */
export type PickleGlobal = { readonly kind: 'global'; readonly name: string };
/** Something that the reader made for a persistent id or a call. */
export type PickleObject = { readonly kind: 'object'; readonly type: string; readonly value: object };

/** Tells the kinds of built values apart. */
export function isKind<K extends 'tuple' | 'list' | 'dict' | 'global' | 'object'>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleValue, { kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** A value as an error message shows it, never deeper than its kind. */
export function describe(value: PickleValue | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value !== 'object' || value === null) return String(value);
  if (value.kind === 'global') return value.name;
  if (value.kind === 'object') return `a ${value.type}`;
  return `a ${value.kind}`;
}
