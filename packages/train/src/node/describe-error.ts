import { SaveRefusedError } from '@rag/models/node';
import { CommanderError } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { nearestKey } from '../config/nearest-key.js';
import { interruptedCode, interruptionOf } from './interrupt.js';

/** How a program ended: well, by an error, by a command line or settings that are wrong; by a signal, `interruptedCode` says. */
export const EXIT_CODES = { done: 0, error: 1, usage: 2 } as const;

/** The exit code that an error ends the program with. */
export function exitCodeOf(error: unknown): number {
  const interruption = interruptionOf(error);
  if (interruption) return interruptedCode(interruption);
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
  return error instanceof ConfigError ? EXIT_CODES.usage : EXIT_CODES.error;
}

/**
 * An error on one line.
 * @param flags which an unknown one may have meant
 */
export function describeError(error: unknown, flags: Iterable<string> = []): string {
  const text =
    error instanceof CommanderError
      ? describeUsage(error, [...flags])
      : error instanceof Error
        ? inFlags(error) || error.name
        : String(error);
  return text.trim().replace(/\s*\n\s*/g, ' ');
}

/** The message of an error, with flags in place of options of code. */
const inFlags = (error: Error): string =>
  error instanceof SaveRefusedError
    ? error.message.replace('pass overwrite: true', 'pass --overwrite')
    : error.message;

/** The parser's messages by its codes, in the words of all other errors. */
const usages: Readonly<Record<string, readonly [pattern: RegExp, say: (...parts: string[]) => string]>> = {
  'commander.unknownOption': [
    /unknown option '(.*)'(?:\n.*)?$/,
    (flag, near) =>
      `${flag}: expected a known flag, got none of this name — ${near ? `did you mean ${near}?` : 'see --help'}`,
  ],
  'commander.missingMandatoryOptionValue': [
    /required option '(\S+) (.*)' not specified/,
    (flag, value) => `${flag}: expected ${value}, got none — pass ${flag} ${value}`,
  ],
  'commander.optionMissingArgument': [
    /option '(\S+) (.*)' argument missing/,
    (flag, value) => `${flag}: expected ${value} behind it, got nothing — pass ${flag} ${value}`,
  ],
  'commander.missingArgument': [
    /missing required argument '(.*)'/,
    (name) => `<${name}>: expected one, got none — see --help`,
  ],
  'commander.excessArguments': [
    /too many arguments.*Expected (\d+) arguments? but got (\d+)/,
    (wanted, given) =>
      `arguments: expected ${wanted === '0' ? 'flags alone' : `${wanted} beside flags`}, got ${given} — put values behind their flags, texts with blanks in quotes`,
  ],
};

function describeUsage({ code, message }: CommanderError, flags: readonly string[]): string {
  const text = message.replace(/^error: /, '');
  const [pattern, say] = usages[code] ?? [];
  const found = pattern?.exec(text);
  if (!found || !say) return text;
  const near = code === 'commander.unknownOption' ? nearestKey(found[1]!, flags) : undefined;
  return say(...found.slice(1), ...(near ? [near] : []));
}
