import { readFile } from 'node:fs/promises';
import { Command, Option as Flag } from 'commander';
import { ConfigError } from '../config/config-error.js';
import type { Option, OptionTable } from '../config/option.js';
import { presetLines } from '../config/presets.js';
import { printConfig } from '../config/print-config.js';
import { readYaml } from '../config/read-yaml.js';
import type { Setting } from '../config/resolve.js';
import { settingLayers } from '../config/setting-layers.js';
import { settingsSchema } from '../config/settings-schema.js';
import type { ResolvedTask } from '../recipes/prepared-task.js';
import type { TaskName, TrainableTask } from '../recipes/tasks.js';
import type { CommandStreams } from './command-line.js';
import { interruptible } from './interrupt.js';
import { inLaunchedJob } from './launched-job.js';
import { nodeFiles } from './node-files.js';
import { progress } from './progress.js';
import { streamsOfRank } from './rank-streams.js';
import { runOnThisMachine } from './train.js';

interface TrainFlags {
  readonly config?: string;
  readonly printConfig?: boolean;
  readonly printSchema?: boolean;
  readonly force?: boolean;
}

/** `rag train <task>`: every key of its table is a flag under its own spelling; flags beat the file. */
export function trainCommand<Settings extends ResolvedTask>(
  name: TaskName,
  task: TrainableTask<Settings, unknown>,
  streams: CommandStreams,
): Command {
  const { stdout } = streams;
  const { description, table, presets, resolve } = task;
  const command = new Command(name)
    .description(description)
    .option('--config <file>', 'YAML file of the keys below; flags beat it')
    .option('--print-config', 'print the settings as YAML and where each came from, and train nothing')
    .option('--print-schema', 'print the keys of such files as a JSON Schema, for editors, and train nothing')
    .addHelpText('after', `\nPresets:\n${presetLines(presets).join('\n')}`)
    .option('--force', 'train although the doctor finds a known killer of runs');
  const layers = addSettings(command, table);
  command.action(async (options: TrainFlags) => {
    if (options.printSchema) {
      stdout.write(`${JSON.stringify(settingsSchema(name, table), null, 2)}\n`);
      return;
    }
    const resolved = resolve(await layers(options));
    if (options.printConfig) {
      stdout.write(printConfig(name, resolved));
      return;
    }
    await inLaunchedJob(async (collective) => {
      const heard = streamsOfRank(streams, collective);
      const listener = progress(heard.stdout, resolved.config.logInterval);
      try {
        await interruptible(
          'interrupted — the run stopped after an update; with --resume it goes on',
          (signal) =>
            runOnThisMachine(name, task, resolved, {
              ...{ listener, signal },
              ...(collective && { collective }),
              doctor: options.force ? 'tell' : 'refuse',
            }),
        );
      } finally {
        listener.end();
      }
    });
  });
  return command;
}

/**
 * Makes every key of a table a flag of a command that has `--config`.
 * @returns the settings of that file and those of the flags, with what the files of launchers that they name say beneath them, once they are
 * parsed; throws ConfigError
 */
export function addSettings(
  command: Command,
  table: OptionTable,
): (options: { readonly config?: string }) => Promise<Setting[][]> {
  const given: Setting[] = [];
  for (const [key, entry] of Object.entries(table))
    for (const spelling of [key, ...entry.aliases]) command.addOption(flagOf(key, spelling, entry, given));
  return async ({ config }) => {
    const file = config === undefined ? [] : readYaml(await readConfig(config), config);
    return settingLayers(table, [file, given], nodeFiles);
  };
}

/** A key as a flag; what it is given is gathered as a setting, to be checked with the file's. */
function flagOf(key: string, name: string, { kind, about, ...entry }: Option, given: Setting[]): Flag {
  const [open, close] = kind.alone === undefined ? ['<', '>'] : ['[', ']'];
  const value =
    kind.placeholder === undefined
      ? '[true|false]'
      : `${open}${kind.placeholder}${kind.many ? '...' : ''}${close}`;
  const byDefault = entry.default === undefined ? '' : ` (default ${JSON.stringify(entry.default)})`;
  const where = `--${name}`;
  const flag = new Flag(`${where} ${value}`, `${about}${byDefault}`).hideHelp(name !== key);
  flag.argParser((text: string) => {
    const before = kind.many ? given.findIndex((setting) => setting.where === where) : -1;
    const values = before < 0 ? [] : (given[before]!.value as unknown[]);
    const one = kind.fromText(text);
    const setting = { key: name, value: kind.many ? [...values, one] : one, where };
    if (before < 0) given.push(setting);
    else given[before] = setting;
    return text;
  });
  // A boolean flag may stand alone.
  const alone = kind.placeholder === undefined ? 'true' : kind.alone;
  return alone === undefined ? flag : flag.preset(alone);
}

async function readConfig(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(
      '--config',
      undefined,
      `expected a YAML file, got ${path}, which cannot be read (${(cause as NodeJS.ErrnoException).code}) — check the path`,
      { cause },
    );
  }
}
