import type { Command, Option } from 'commander';
import { ConfigError } from '../config/config-error.js';

/**
 * Refuses a flag where the value of the flag before it belongs, which the parser would take for that value: `--dataset --lr 1`. Such a
 * value can still be given behind `=`.
 * @param args without node and script
 * @throws ConfigError
 */
export function checkFlagValues(program: Command, args: readonly string[]): void {
  const options = flagsOf(program, args);
  for (const [i, arg] of args.entries()) {
    const next = args[i + 1];
    const option = options.get(arg);
    if (!option?.required || next === undefined || !options.has(next)) continue;
    throw new ConfigError(
      arg,
      undefined,
      `expected ${option.flags.replace(/^\S+ /, '')} behind it, got the flag ${next} — pass ${option.flags}, or ${arg}=${next} if that is meant`,
    );
  }
}

/** The flags of the command that was asked for, `--lr` and the like, those that its help leaves out too. */
export function flagsOf(program: Command, args: readonly string[]): ReadonlyMap<string, Option> {
  let command = program;
  for (const arg of args) {
    const next = command.commands.find((child) => child.name() === arg);
    if (next === undefined) break;
    command = next;
  }
  return new Map(command.options.flatMap((option) => (option.long ? [[option.long, option]] : [])));
}
