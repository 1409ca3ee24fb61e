import type { Kind } from './kind.js';
import type { TrainingProvider } from './precision.js';

/** One setting of a table: its kind, what it is when nobody says, and what it means. */
export interface Option<Value = unknown, Given = unknown, Default = unknown> {
  readonly kind: Kind<Value, Given>;
  /** undefined: the setting is absent unless given. */
  readonly default: Default;
  readonly about: string;
  /** Further spellings of the key. */
  readonly aliases: readonly string[];
  /** What runs in place of a value that means nothing here, or nothing where the run computes, and why; undefined for values that are obeyed. */
  readonly instead?: (
    value: unknown,
    config: { readonly provider?: TrainingProvider; readonly knowledgeDistillation?: boolean },
  ) => { readonly running: string; readonly reason: string } | undefined;
  /** Never stored or printed. */
  readonly secret?: boolean;
  /** A path of the machine: of a file, by whose name alone it is published with a model; of a place, which is not published. */
  readonly path?: 'file' | 'place';
}

/** Settings by the key that files and flags use. */
export type OptionTable = Readonly<Record<string, Option>>;

interface Further extends Pick<Option, 'instead' | 'secret' | 'path'> {
  readonly aliases?: readonly string[];
}

/** A setting with a default. */
export function option<Value, Given>(
  kind: Kind<Value, Given>,
  byDefault: NoInfer<Value>,
  about: string,
  { aliases = [], ...further }: Further = {},
): Option<Value, Given, Value> {
  return { kind, default: byDefault, about, aliases, ...further };
}

/** A setting that is absent unless given. */
export function optional<Value, Given>(
  kind: Kind<Value, Given>,
  about: string,
  { aliases = [], ...further }: Further = {},
): Option<Value, Given, undefined> {
  return { kind, default: undefined, about, aliases, ...further };
}

/** `train_group_size` → `trainGroupSize`, in types. */
export type CamelCase<Key extends string> = Key extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Key;

/** `train_group_size` → `trainGroupSize`. */
export function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

type ValueOf<O> = O extends Option<infer Value, infer _, infer Default> ? Value | Default : never;
type GivenOf<O> = O extends Option<infer _, infer Given, infer _> ? Given : never;

/** A table's settings as code reads them, every default filled in. */
export type ConfigOf<Table> = {
  readonly [Key in keyof Table & string as CamelCase<Key>]: ValueOf<Table[Key]>;
};

/** A table's settings as code gives them, all of them optional. */
export type OptionsOf<Table> = {
  readonly [Key in keyof Table & string as CamelCase<Key>]?: GivenOf<Table[Key]> | undefined;
};
