import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';

/**
 * Refuses a flag where the value of the flag before it belongs, which the parser would take for that value: `--dataset --lr 1`. Such a
 * value can still be given behind `=`.
 * @param args without node and script
 * @throws ConfigError
 */
export function checkFlagValues(program: Command, args: readonly string[]): void {
  let command = program;
  for (const arg of args) {
    const next = command.commands.find((child) => child.name() === arg);
    if (next === undefined) break;
    command = next;
  }
  const options = new Map(command.options.map((option) => [option.long, option]));
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
