import { expect, test } from 'vitest';
import { fromLauncher } from './launch-command.js';

const translated = (line: string) => {
  const { args, notes } = fromLauncher(line.split(' '))!;
  return { line: args.join(' '), notes };
};

test('a launcher and its script become rag train and a task', () => {
  expect(
    translated('accelerate launch --config_file ../fsdp.yaml train_embedding.py --config a.yaml --lr 1e-5'),
  ).toEqual({ line: 'train embedding --config_file ../fsdp.yaml --config a.yaml --lr 1e-5', notes: [] });
  expect(translated('python train/train_colbert.py --batch_size=4').line).toBe(
    'train colbert --batch_size 4',
  );
});

test('a module of FlagEmbedding brings its defaults, processes are left to mpirun', () => {
  expect(
    translated(
      'torchrun --nproc_per_node 2 --master_port 29500 -m FlagEmbedding.finetune.reranker.encoder_only.base --fp16 --train_data a b',
    ),
  ).toEqual({
    line: 'train reranker --preset flagembedding-reranker --fp16 --train_data a b',
    notes: [
      '--nproc_per_node 2: processes are mpirun’s to launch (mpirun -n 2 rag train …)',
      '--master_port 29500: the launcher’s own',
    ],
  });
  expect(translated('torchrun --nproc_per_node 1 -m FlagEmbedding.reranker.run').line).toBe(
    'train reranker --preset flagembedding-reranker --max_len 512',
  );
});

test('a flag that is said twice counts the second time, the script’s beats its launcher’s', () => {
  expect(
    translated(
      'accelerate launch --mixed_precision fp16 --zero_stage 2 train_reranker.py --model_type decoder --mixed_precision bf16 --model_type from_finetuned_model',
    ),
  ).toEqual({
    line: 'train reranker --zero_stage 2 --mixed_precision bf16 --model_type from_finetuned_model',
    notes: ['--model_type: said twice, the second time counts'],
  });
});

test('other commands are left alone, other scripts are refused', () => {
  expect(fromLauncher(['train', 'reranker'])).toBeUndefined();
  expect(fromLauncher(['accelerate', 'config'])).toBeUndefined();
  expect(() => translated('accelerate launch train_rerankr.py')).toThrow(
    'accelerate launch: expected a training script of RAG-Retrieval or FlagEmbedding, got train_rerankr.py — did you mean train_reranker.py?',
  );
  expect(() => translated('torchrun -m FlagEmbedding.finetune.embedder.decoder_only.icl')).toThrow(
    'torchrun: expected a training script that there is a task for, got FlagEmbedding.finetune.embedder.decoder_only.icl, whose queries carry examples',
  );
  expect(() => translated('torchrun --nproc_per_node 2')).toThrow('got none');
});
