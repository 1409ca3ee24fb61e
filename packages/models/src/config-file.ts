import { describeJson } from './file-source.js';

/** The accepted names of an activation; `gelu_new` and `gelu_pytorch_tanh` are the same function, as are silu and swish. */
export const HIDDEN_ACTS = [
  'gelu',
  'gelu_new',
  'gelu_pytorch_tanh',
  'relu',
  'silu',
  'swish',
  'tanh',
] as const;
export type HiddenAct = (typeof HIDDEN_ACTS)[number];

/** A config.json field that is missing, ill-typed or not supported. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  constructor(
    readonly field: string,
    expected: string,
    got: unknown,
    advice: string,
    where: string,
  ) {
    super(`${where}: ${JSON.stringify(field)} expected ${expected}, got ${describeJson(got)} — ${advice}`);
  }
}

/** A test and the words for what passes it. */
export interface Kind<T> {
  readonly expected: string;
  accepts(value: unknown): value is T;
}

const kind = <T>(expected: string, accepts: (value: unknown) => boolean): Kind<T> => ({
  expected,
  accepts: (value): value is T => accepts(value),
});
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export const whole = kind<number>('a whole number', isWhole);
export const count = kind<number>('a positive whole number', (value) => isWhole(value) && value > 0);
export const tokenId = kind<number>('a token id', isWhole);
export const positive = kind<number>('a positive number', (value) => isNumber(value) && value > 0);
export const probability = kind<number>(
  'a probability in [0, 1)',
  (value) => isNumber(value) && value >= 0 && value < 1,
);
export const flag = kind<boolean>('true or false', (value) => typeof value === 'boolean');

export const oneOf = <T extends string>(names: readonly T[]): Kind<T> =>
  kind(`one of ${names.join(', ')}`, (value) => (names as readonly unknown[]).includes(value));

export const orNull = <T>({ expected, accepts }: Kind<T>): Kind<T | null> =>
  kind(`${expected} or null`, (value) => value === null || accepts(value));

export const listOf = <T>({ expected, accepts }: Kind<T>): Kind<readonly T[]> =>
  kind(`a list, each ${expected}`, (value) => Array.isArray(value) && value.every(accepts));

export const activation = oneOf(HIDDEN_ACTS);

/** The fields of a config.json, checked one by one. */
export interface ConfigFile {
  readonly json: Readonly<Record<string, unknown>>;
  /** @throws ConfigError where the field is absent or of another kind */
  take<T>(field: string, kind: Kind<T>): T;
  /** As `take`, or `absent` where the file does not have the field. */
  takeOr<T, Absent>(field: string, kind: Kind<T>, absent: Absent): T | Absent;
  /** Refuses a model that this package cannot run: the field stands in the file with another value. */
  only(field: string, values: readonly unknown[]): void;
  refuse(field: string, expected: string, got: unknown): never;
}

/** @param where the file's name in error messages. */
export function configFile(json: Readonly<Record<string, unknown>>, where: string): ConfigFile {
  const take = <T>(field: string, { expected, accepts }: Kind<T>): T => {
    const value = json[field];
    if (!accepts(value))
      throw new ConfigError(field, expected, value, 'correct the file or use another checkpoint', where);
    return value;
  };
  const refuse = (field: string, expected: string, got: unknown): never => {
    throw new ConfigError(field, expected, got, 'this model is not one that this package can run', where);
  };
  return {
    json,
    take,
    takeOr: (field, kind, absent) => (json[field] === undefined ? absent : take(field, kind)),
    only(field, values) {
      const value = json[field];
      if (value !== undefined && !values.includes(value))
        refuse(field, values.map((one) => JSON.stringify(one)).join(' or '), value);
    },
    refuse,
  };
}
