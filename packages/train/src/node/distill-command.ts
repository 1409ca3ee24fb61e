import type { Command } from 'commander';
import { commandGroup } from './command-group.js';
import type { CommandStreams } from './command-line.js';
import { distillScoresCommand } from './distill-scores-command.js';
import { distillVectorsCommand } from './distill-vectors-command.js';

/** `rag distill …`: what a student learns from, made by its teachers. */
export const distillCommand = (streams: CommandStreams): Command =>
  commandGroup('rag distill', 'what', [
    distillScoresCommand(streams),
    distillVectorsCommand(streams),
  ]).description('make what a student learns from: scores or vectors of teachers');
