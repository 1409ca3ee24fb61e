/** What `log_with` may name. */
export const trackerNames = ['console', 'jsonl', 'tensorboard', 'wandb', 'mlflow'] as const;
export type TrackerName = (typeof trackerNames)[number];
