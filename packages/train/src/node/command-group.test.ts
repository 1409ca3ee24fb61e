import { Command } from 'commander';
import { expect, test } from 'vitest';
import { commandGroup, helpRequest } from './command-group.js';

const ran: string[][] = [];
const group = () =>
  commandGroup('rag train', 'task', [
    new Command('reranker').option('--lr <x>').action(({ lr }) => void ran.push(['reranker', lr])),
    new Command('colbert').action(() => void ran.push(['colbert'])),
  ]);
const run = (...args: string[]) => group().parseAsync(args, { from: 'user' });

test('a command of the group runs', async () => {
  await run('reranker', '--lr', '1');
  await run('colbert');
  expect(ran).toEqual([['reranker', '1'], ['colbert']]);
});

test.each([
  [[], 'got none — see `rag train --help`'],
  [['--config', 'x.yaml'], 'got the flag --config first — such as `rag train reranker --config …`'],
  [['--config', 'x.yaml', 'colbert'], 'got the flag --config first'],
  [['rerankre', '--lr', '1'], 'got "rerankre" — did you mean reranker?'],
  [['zzz'], 'got "zzz" — see `rag train --help`'],
])('%j', async (args, got) => {
  await expect(run(...args)).rejects.toThrow(`train <task>: expected reranker or colbert, ${got}`);
});

test('a flag before the command of the program is none of its', async () => {
  const program = commandGroup('rag', 'command', [group()]);
  await expect(program.parseAsync(['--lr', '1'], { from: 'user' })).rejects.toThrow(
    '<command>: expected train, got "--lr" — see `rag --help`',
  );
});

test('help of a command is that command with --help', () => {
  const program = commandGroup('rag', 'command', [group()]);
  expect(helpRequest(program, ['help'])).toEqual(['--help']);
  expect(helpRequest(program, ['help', 'train', 'colbert'])).toEqual(['train', 'colbert', '--help']);
  expect(helpRequest(program, ['help', 'train', 'nope'])).toEqual(['train', 'nope']);
  expect(helpRequest(program, ['train', 'help'])).toEqual(['train', 'help']);
});
