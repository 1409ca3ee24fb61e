import { realpath } from 'node:fs/promises';
import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { openCheckpointOrOnnx, readJsonObject, statedTask } from '@rag/models';
import { type HubOptions, openHubOrDirectory } from '@rag/models/node';
import { Reranker } from '@rag/reranker';
import { Command } from 'commander';
import { ConfigError } from '../config/config-error.js';
import { anyNumber } from '../config/kind.js';
import { ModelError, openModel } from '../recipes/open-model.js';
import { openSources } from '../run-files.js';
import type { CommandStreams } from './command-line.js';
import {
  EXPORT_DTYPES,
  type ExportableModel,
  type ExportDtype,
  type ExportedDtype,
  exportModel,
} from './export-model.js';
import { flagParser } from './flag-parser.js';
import { addHubFlags, type HubFlags, hubFlagNames, hubOptions } from './hub-flags.js';
import { nodeFiles } from './node-files.js';

interface Flags extends HubFlags {
  readonly model: string;
  readonly output: string;
  readonly dtype?: readonly string[];
  readonly eval_data?: readonly string[];
  readonly least_spearman?: number;
  readonly least_cosine?: number;
  readonly least_overlap?: number;
  readonly external_data?: boolean;
  readonly overwrite?: boolean;
}

/** `rag export`: the model as a directory for other tools: the checkpoint again, golden.json and models in `onnx`, narrow ones judged first. */
export function exportCommand({ stdout, stderr }: CommandStreams): Command {
  const limit = (flag: string) => flagParser(flag, anyNumber);
  return addHubFlags(new Command('export'))
    .description('write a model for other tools: checkpoint, golden.json and onnx/model.onnx')
    .requiredOption('--model <name>', 'model directory, or a name of the hub')
    .requiredOption('--output <directory>', 'where to write')
    .option(
      '--dtype <name...>',
      `what to write into onnx: ${EXPORT_DTYPES.join(', ')}; fp32 without it. Others than fp32 are judged on --eval_data`,
    )
    .option(
      '--eval_data <path...>',
      'rows of the model’s task; where narrow weights change too much on them, nothing is written',
    )
    .option(
      '--least_spearman <x>',
      'rank correlation with the scores of a reranker or ColBERT model; 0.99 without it',
      limit('--least_spearman'),
    )
    .option(
      '--least_cosine <x>',
      'mean cosine with the vectors of an embedding model; 0.98 without it',
      limit('--least_cosine'),
    )
    .option(
      '--least_overlap <x>',
      'share of the ten best (half of fewer) that a retriever still finds among them, an embedding model among its first 1000 texts; 0.8 without it',
      limit('--least_overlap'),
    )
    .option('--external_data', 'weights in onnx/….onnx_data; without it only where they take 512 MiB')
    .option('--overwrite', 'write into a directory that holds other files, too')
    .action(async ({ model: name, output, external_data, overwrite, dtype, eval_data, ...flags }: Flags) => {
      const dtypes = dtypesOf(dtype, eval_data);
      if (await isSameDirectory(name, output))
        throw new ConfigError(
          '--output',
          undefined,
          `expected another directory than the model's own, got ${output} — what belongs to these weights alone, as its training record, would be replaced`,
        );
      const { least_spearman, least_cosine, least_overlap, ...hub } = flags;
      const limits = {
        ...(least_spearman !== undefined && { leastSpearman: least_spearman }),
        ...(least_cosine !== undefined && { leastCosine: least_cosine }),
        ...(least_overlap !== undefined && { leastOverlap: least_overlap }),
      };
      const evalData = await openSources(nodeFiles, eval_data ?? []);
      try {
        const model = await openModel(name, () => openStated(name, hubOptions(hub, stderr)), hubFlagNames);
        try {
          const rows = await exportModel(model, output, {
            dtypes,
            evalData,
            limits,
            ...(overwrite !== undefined && { overwrite }),
            ...(external_data !== undefined && { externalData: external_data }),
          });
          stdout.write(`${output}: checkpoint and golden.json\n${table(rows)}`);
        } finally {
          model.dispose();
        }
      } finally {
        for (const source of evalData) await source.close();
      }
    });
}

/** Whether two paths lead to one directory; a name of the hub leads to none. */
async function isSameDirectory(a: string, b: string): Promise<boolean> {
  const [real, other] = await Promise.all([a, b].map((path) => realpath(path).catch(() => undefined)));
  return real !== undefined && real === other;
}

function dtypesOf(given: readonly string[] = ['fp32'], eval_data?: readonly string[]): ExportDtype[] {
  const names = given.flatMap((text) => text.split(','));
  const odd = names.find((name) => !(EXPORT_DTYPES as readonly string[]).includes(name));
  if (odd !== undefined)
    throw new ConfigError(
      '--dtype',
      undefined,
      `expected some of ${EXPORT_DTYPES.join(', ')}, got ${JSON.stringify(odd)} — name those`,
    );
  const dtypes = EXPORT_DTYPES.filter((dtype) => names.includes(dtype));
  if (eval_data === undefined && dtypes.some((dtype) => dtype !== 'fp32'))
    throw new ConfigError(
      '--eval_data',
      undefined,
      `expected rows to judge ${dtypes.filter((dtype) => dtype !== 'fp32').join(', ')} on, got none — give some of the model's task`,
    );
  return dtypes;
}

/** A line per file: dtype, size, how many times smaller than float32, loss, path. */
function table(rows: readonly ExportedDtype[]): string {
  return rows
    .map(({ dtype, bytes, ratio, loss, files }) => {
      const size = `${(bytes / 1e6).toFixed(1)} MB`.padStart(10);
      return `${dtype}  ${size}  ${ratio.toFixed(2)}×  ${loss ?? '–'}  ${files.join(', ')}\n`;
    })
    .join('');
}

/** Opens a model with the class that its directory states; the revision that it says so of is the one that is opened. */
async function openStated(name: string, hub: HubOptions): Promise<ExportableModel> {
  const source = await openHubOrDirectory(name, hub);
  const { task, because, also } = await statedTask(source, await readJsonObject(source, 'config.json'));
  switch (task === 'encoder' && also?.includes('reranker') ? 'reranker' : task) {
    case 'reranker':
      return Reranker.fromCheckpoint(await openCheckpointOrOnnx(source), { newHead: false });
    case 'embedding':
      return Embedding.fromCheckpoint(await openCheckpointOrOnnx(source));
    case 'colbert':
      return ColBERT.fromCheckpoint(await openCheckpointOrOnnx(source), { newHead: false });
    default:
      throw new ModelError(
        name,
        `expected a reranker, an embedding or a ColBERT model, got one of task "${task}" by ${because} — train it for one of them first`,
      );
  }
}
