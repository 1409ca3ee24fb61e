import { type Inspection, inspectCheckpoint } from '@rag/models';
import { openHubOrDirectory } from '@rag/models/node';
import { Command } from 'commander';
import { openModel } from '../recipes/open-model.js';
import type { CommandStreams } from './command-line.js';
import { addHubFlags, type HubFlags, hubFlagNames, hubOptions } from './hub-flags.js';

/** `rag inspect`: what a checkpoint is, which class opens it, its sizes and licence. */
export function inspectCommand({ stdout, stderr }: CommandStreams): Command {
  return addHubFlags(new Command('inspect'))
    .description('tell what a checkpoint is')
    .argument('<model>', 'model directory, or a name of the hub')
    .option('--json', 'print one JSON object')
    .action(async (model: string, { json, ...hub }: { json?: boolean } & HubFlags) => {
      const open = async () => inspectCheckpoint(await openHubOrDirectory(model, hubOptions(hub, stderr)));
      const found = await openModel(model, open, hubFlagNames);
      stdout.write(json ? `${JSON.stringify(found)}\n` : describe(model, found));
    });
}

/** Lines of `name  value`. */
function describe(model: string, found: Inspection): string {
  const { sizes } = found;
  const list = (record: Readonly<Partial<Record<string, number>>>) =>
    Object.entries(record)
      .map(([name, bytes]) => `${name} ${megabytes(bytes!)}`)
      .join(', ');
  const lines: [string, string][] = [
    ['model', model],
    ['task', `${found.task}, by ${found.because}`],
    ['opens with', opensWith(found)],
    ['type', `${found.modelType}${found.known ? '' : ', which this version does not have'}`],
    ...(sizes
      ? ([
          [
            'sizes',
            `${sizes.num_hidden_layers} layers, hidden ${sizes.hidden_size}, ${sizes.num_attention_heads} heads, ${sizes.vocab_size} tokens, ${sizes.max_position_embeddings} positions`,
          ],
        ] as [string, string][])
      : []),
    ...(found.problem !== undefined && found.known
      ? ([['problem', found.problem]] as [string, string][])
      : []),
    [
      'weights',
      found.tensors === 0
        ? 'none: ONNX files alone'
        : `${(found.parameters / 1e6).toFixed(1)} M in ${found.tensors} tensors: ${list(found.dtypes)}`,
    ],
    ['tokenizer', found.tokenizer.join(', ') || 'none'],
    ['onnx', list(found.onnx) || 'none'],
    ['licence', found.licence ?? 'not stated'],
    ['records', found.records.join(', ') || 'none'],
  ];
  return lines.map(([name, value]) => `${name.padEnd(12)}${value}\n`).join('');
}

function opensWith({ opensWith, alsoOpensWith, task, known }: Inspection): string {
  if (opensWith !== undefined) return [opensWith, ...alsoOpensWith].join(', or ');
  if (!known || task !== 'encoder') return 'none';
  return alsoOpensWith.includes('Reranker')
    ? 'Reranker, by the logits of "yes" and "no"; Embedding with --pooling; LLMDecoder and ColBERT once `rag train` has put a head on it'
    : 'Embedding with --pooling; ColBERT and CrossEncoder once `rag train` has put a head on it';
}

/** Bytes in MB of 10⁶. */
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
