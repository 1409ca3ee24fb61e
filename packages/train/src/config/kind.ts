import { z } from 'zod';

/** What the value of a setting must be: a schema, the words for it, and how a flag's text becomes a value. */
export interface Kind<Value = unknown, Given = Value> {
  readonly schema: z.ZodType<Value, Given>;
  /** Completes "expected …". */
  readonly expected: string;
  /** Stands for the value in `--help`; booleans have none, since their flag may stand alone. */
  readonly placeholder?: string;
  /** What a flag means whose value is left out; where there is none, it must not be. Booleans need none for that. */
  readonly alone?: string;
  /** Whether a flag takes several values. */
  readonly many?: boolean;
  /** Every name, of a kind that is one of several. */
  readonly names?: readonly string[];
  /** A flag's text as the value that a file would hold; text that is no such value is handed on for the schema to refuse. */
  fromText(text: string): unknown;
}

const numeral = (text: string): unknown =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;

/** A whole number from `least` on, or to `most`. */
export const wholeNumber = (least: number, most = Number.MAX_SAFE_INTEGER): Kind<number> => ({
  schema: z.number().int().min(least).max(most),
  expected: `a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? '' : ` to ${most}`}`,
  placeholder: 'n',
  fromText: numeral,
});

/** Any finite number. */
export const anyNumber: Kind<number> = {
  schema: z.number(),
  expected: 'a number',
  placeholder: 'x',
  fromText: numeral,
};

/** A number above 0. */
export const positiveNumber: Kind<number> = {
  schema: z.number().positive(),
  expected: 'a number above 0',
  placeholder: 'x',
  fromText: numeral,
};

/** A number from 0 on. */
export const nonNegativeNumber: Kind<number> = {
  schema: z.number().min(0),
  expected: 'a number from 0',
  placeholder: 'x',
  fromText: numeral,
};

/** A share from 0 to 1, ends included. */
export const share: Kind<number> = {
  schema: z.number().min(0).max(1),
  expected: 'a number from 0 to 1',
  placeholder: 'share',
  fromText: numeral,
};

/** A text that is not empty. */
export const text: Kind<string> = {
  schema: z.string().min(1),
  expected: 'a text that is not empty',
  placeholder: 'text',
  fromText: (value) => value,
};

/** A text that may be empty. */
export const anyText: Kind<string> = { ...text, schema: z.string(), expected: 'a text' };

const path = z.string().min(1);
const pathList = z.union([
  path.transform((one): readonly string[] => [one]),
  z.array(path).min(1).readonly(),
]);

/** One path, or a list of them. */
export const paths: Kind<readonly string[], string | readonly string[]> = {
  schema: pathList,
  expected: 'a path or a list of paths',
  placeholder: 'path',
  many: true,
  fromText: (value) => value,
};

/** One text, or a list of them. */
export const texts: Kind<readonly string[], string | readonly string[]> = {
  schema: pathList,
  expected: 'a text or a list of texts',
  placeholder: 'text',
  many: true,
  fromText: (value) => value,
};

const words: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false };
const flagSchema = z.union([
  z.boolean(),
  z.literal(1).transform((): boolean => true),
  z.literal(0).transform((): boolean => false),
]);

/** true or false; 1 and 0 stand for them, as in the originals, and `True` as in Python's command lines. */
export const flag: Kind<boolean, boolean | 0 | 1> = {
  schema: flagSchema,
  expected: 'true or false',
  fromText: (value) => words[value.toLowerCase()] ?? value,
};

/** A checkpoint to go on from: its directory, or `latest`, which true stands for, as in transformers; false is none. */
export const checkpointPlace: Kind<string | undefined, boolean | string> = {
  schema: z
    .union([z.boolean(), z.string().min(1)])
    .transform((given): string | undefined =>
      given === true ? 'latest' : given === false ? undefined : given,
    ),
  expected: 'true, latest or the directory of a checkpoint',
  placeholder: 'place',
  alone: 'latest',
  fromText: (value) => words[value.toLowerCase()] ?? value,
};

/** One of several names; `aliases` are other spellings of them. */
export function choice<const Name extends string, const Alias extends string = never>(
  names: readonly Name[],
  aliases: Readonly<Record<Alias, NoInfer<Name>>> = {} as Readonly<Record<Alias, Name>>,
): Kind<Name, Name | Alias> {
  const others = Object.keys(aliases) as Alias[];
  const schema = z
    .enum([...names, ...others] as [Name | Alias, ...(Name | Alias)[]])
    .transform((name): Name => (Object.hasOwn(aliases, name) ? aliases[name as Alias] : (name as Name)));
  return {
    schema,
    expected: `one of ${[...names, ...others].join(', ')}`,
    placeholder: 'name',
    names: [...names, ...others],
    fromText: (value) => value,
  };
}

/** Some of several names, as a list or with commas between; `none` stands for no name at all. */
export function choices<const Name extends string>(
  names: readonly Name[],
): Kind<readonly Name[], string | readonly string[]> {
  const split = (given: string | readonly string[]): string[] =>
    (typeof given === 'string' ? [given] : [...given])
      .flatMap((one) => one.split(','))
      .map((one) => one.trim());
  const isKnown = (name: string): name is Name => (names as readonly string[]).includes(name);
  return {
    schema: z
      .union([z.string(), z.array(z.string()).readonly()])
      .refine((given) => {
        const some = split(given);
        return some.every(isKnown) || (some.length === 1 && some[0] === 'none');
      })
      .transform((given): readonly Name[] => [...new Set(split(given).filter(isKnown))]),
    expected: `none, or some of ${names.join(', ')}`,
    placeholder: 'name',
    many: true,
    fromText: (value) => value,
  };
}

const widths = z.array(z.number().int().min(1)).min(1).readonly();

/** Vector widths as a list, or as the originals write them, a text with commas: "128, 256". */
export const dimensions: Kind<readonly number[], string | readonly number[]> = {
  schema: z.union([
    widths,
    z
      .string()
      .regex(/^\s*\d+(\s*,\s*\d+)*\s*$/)
      .transform((given): readonly number[] => given.split(',').map(Number))
      .refine((list) => list.every((width) => width >= 1)),
  ]),
  expected: 'whole numbers from 1, as a list or with commas between',
  placeholder: 'widths',
  fromText: (value) => value,
};
