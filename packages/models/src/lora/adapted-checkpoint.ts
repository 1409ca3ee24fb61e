import { architectures } from '../arch/index.js';
import type { Checkpoint } from '../checkpoint.js';
import { mergeAdapter } from './adapted-tensors.js';
import type { Adapter } from './open-adapter.js';

/**
 * A base checkpoint with an adapter merged into its weights as they are read, so that every class opens it unchanged. An adapter of
 * task SEQ_CLS brings its head: config.json then states the family's classifier class and as many labels as the head has rows.
 * @throws AdapterError as `mergeAdapter`
 */
export function adaptedCheckpoint(base: Checkpoint, adapter: Adapter): Checkpoint {
  const tensors = mergeAdapter(base.tensors, adapter);
  return { ...base, config: { ...base.config, ...statedHead(base.config, adapter) }, tensors };
}

function statedHead(config: Checkpoint['config'], { config: { task_type }, saved, tensors }: Adapter) {
  if (task_type !== 'SEQ_CLS') return {};
  const family = Object.entries(architectures).find(([name]) => name === config.model_type)?.[1];
  const head = [...saved].findLast(([name]) => /^(score|classifier)(\.out_proj)?\.weight$/.test(name));
  const rows = head && tensors.shape(head[1])[0];
  if (family === undefined || rows === undefined) return {};
  const labels = Array.from({ length: rows }, (_, i) => [String(i), `LABEL_${i}`] as const);
  const stated = config.id2label as object | null | undefined;
  return {
    architectures: [family.classNames.sequenceClassification],
    ...(Object.keys(stated ?? {}).length !== rows && {
      num_labels: undefined,
      id2label: Object.fromEntries(labels),
      label2id: Object.fromEntries(labels.map(([id, label]) => [label, Number(id)])),
    }),
  };
}
