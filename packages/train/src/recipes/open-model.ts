import { ModelKindError, OptionError, ParameterMatchError } from '@rag/models';
import { ConfigError } from '../config/config-error.js';

/** A model that cannot be opened, with its name and what is wrong with it. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  constructor(
    /** Its directory or its name on the hub. */
    readonly model: string,
    problem: string,
    options: { cause?: unknown } = {},
  ) {
    super(`${model}: ${problem}`, options);
  }
}

/** Flags or keys by the options of code that they become: `{ maxLength: '--max_len' }`. */
export type NamesOfOptions = Readonly<Record<string, string>>;

/** How many tensors a line names. */
const NAMED = 3;

/**
 * Opens the model of a command or a run. What is wrong with it is said with its name, which errors of its files do not know, and without
 * what only code can do about it.
 * @param names options that may be refused, by the flags or keys that they come by
 * @throws ModelError, ConfigError under the name of a refused option; what names the model itself, as it is
 */
export async function openModel<Model>(
  name: string,
  open: () => Promise<Model>,
  names: NamesOfOptions = {},
): Promise<Model> {
  try {
    return await underNames(names, open);
  } catch (cause) {
    if (cause instanceof ConfigError || !(cause instanceof Error)) throw cause;
    if (cause instanceof ModelKindError) {
      const file = cause.where === name ? '' : `${cause.where}: `;
      throw new ModelError(name, `${file}${cause.problem} — ${adviceOf(name)}`, { cause });
    }
    if (cause instanceof ParameterMatchError)
      throw new ModelError(name, `${differencesOf(cause)} — ${adviceOf(name)}`, { cause });
    if (cause.message.includes(name)) throw cause;
    throw new ModelError(name, cause.message, { cause });
  }
}

const adviceOf = (name: string): string =>
  `\`rag inspect ${name}\` tells what it is, \`rag train\` makes a model of an encoder`;

function differencesOf({
  missing,
  misshaped,
  unexpected,
  problem,
  differences,
}: ParameterMatchError): string {
  const list = (items: readonly string[], separator: string) =>
    items.slice(0, NAMED).join(separator) + (items.length > NAMED ? `${separator}…` : '');
  if (misshaped.length === 0 && unexpected.length === 0)
    return `expected a trained model, got one without ${list(
      missing.map(({ name }) => name),
      ', ',
    )}`;
  return `${problem}: ${list(differences, '; ')}`;
}

/**
 * Runs what takes options of a model; one that it refuses is said under the flag or key that it came by.
 * @throws ConfigError under that name
 */
export async function underNames<T>(names: NamesOfOptions, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (!(cause instanceof OptionError)) throw cause;
    const { option, problem, advice = 'change it, or leave it out' } = cause;
    const name = names[option];
    if (name === undefined) throw cause;
    throw new ConfigError(name, undefined, `${problem} — ${advice}`, { cause });
  }
}
