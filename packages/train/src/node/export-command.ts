import { ColBERT } from '@rag/colbert';
import { Embedding } from '@rag/embedding';
import { readJsonObject, statedTask } from '@rag/models';
import { type HubOptions, openHubOrDirectory } from '@rag/models/node';
import { CrossEncoder } from '@rag/reranker';
import { Command } from 'commander';
import type { CommandStreams } from './command-line.js';
import { addHubFlags, type HubFlags, hubOptions } from './hub-flags.js';
import { ModelError, openModel } from './open-model.js';

interface Flags extends HubFlags {
  readonly model: string;
  readonly output: string;
  readonly external_data?: boolean;
}

/** `rag export`: the model as a directory for other tools: the checkpoint again, golden.json and onnx/model.onnx. */
export function exportCommand({ stdout, stderr }: CommandStreams): Command {
  return addHubFlags(new Command('export'))
    .description('write a model for other tools: checkpoint, golden.json and onnx/model.onnx')
    .requiredOption('--model <name>', 'model directory, or a name of the hub')
    .requiredOption('--output <directory>', 'where to write')
    .option('--external_data', 'weights in onnx/model.onnx_data; without it only where they take 2 GiB')
    .action(async ({ model: name, output, external_data, ...hub }: Flags) => {
      const model = await openModel(name, () => openStated(name, hubOptions(hub, stderr)));
      try {
        await model.savePretrained(output, { golden: true });
        const { files, bytes } = await model.exportOnnx(
          output,
          external_data === undefined ? {} : { externalData: external_data },
        );
        stdout.write(`${output}: checkpoint and golden.json\n`);
        stdout.write(`${files.join(', ')}: ${(bytes / 1e6).toFixed(1)} MB\n`);
      } finally {
        model.dispose();
      }
    });
}

/** Opens a model with the class that its directory states. */
async function openStated(name: string, hub: HubOptions): Promise<CrossEncoder | Embedding | ColBERT> {
  const source = await openHubOrDirectory(name, hub);
  const { task, because } = await statedTask(source, await readJsonObject(source, 'config.json'));
  switch (task) {
    case 'reranker':
      return CrossEncoder.fromPretrained(name, { ...hub, newHead: false });
    case 'embedding':
      return Embedding.fromPretrained(name, hub);
    case 'colbert':
      return ColBERT.fromPretrained(name, { ...hub, newHead: false });
    default:
      throw new ModelError(
        name,
        `expected a reranker, an embedding or a ColBERT model, got one of task "${task}" by ${because} — train it for one of them first`,
      );
  }
}
