import { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { nearestKey } from '../config/nearest-key.js';

/**
 * Makes a command one that only stands for those under it: without one of them, or with a name that none has, it throws a
 * ConfigError that names them.
 * @param full how it is called, e.g. `rag train`; errors, which begin with `rag:`, name what follows
 * @param what its commands are, e.g. `task`
 */
export function commandGroup(full: string, what: string, commands: readonly Command[]): Command {
  const [, ...path] = full.split(' ');
  const group = new Command(path.at(-1) ?? full).usage(`[options] <${what}>`).helpCommand(true);
  for (const command of commands) group.addCommand(command);
  const names = commands.map((command) => command.name());
  return group
    .argument(`[${what}]`)
    .allowUnknownOption()
    .allowExcessArguments()
    .action((_name: unknown, _flags: unknown, { args: [given] }: Command) => {
      const others = names.slice(0, -1).join(', ');
      const expected = `expected ${others === '' ? '' : `${others} or `}${names.at(-1)}`;
      throw new ConfigError(
        [...path, `<${what}>`].join(' '),
        undefined,
        `${expected}, ${got(given, names, full)}`,
      );
    });
}

function got(given: string | undefined, names: readonly string[], full: string): string {
  if (given === undefined) return `got none — see \`${full} --help\``;
  if (given.startsWith('-') && full.includes(' '))
    return `got the flag ${given} first — such as \`${full} ${names[0]} ${given} …\``;
  const near = given.startsWith('-') ? undefined : nearestKey(given, names);
  const advice = near === undefined ? `see \`${full} --help\`` : `did you mean ${near}?`;
  return `got "${given}" — ${advice}`;
}

/** `help train reranker` → `train reranker --help`; a name that is none is left to the error of its group. */
export function helpRequest(program: Command, args: readonly string[]): readonly string[] {
  const [first, ...names] = args;
  if (first !== 'help') return args;
  let at: Command | undefined = program;
  for (const name of names) at = at?.commands.find((command) => command.name() === name);
  return at === undefined ? names : [...names, '--help'];
}
