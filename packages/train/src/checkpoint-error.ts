/** A checkpoint that a run cannot go on from. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  constructor(
    /** The file or directory at fault. */
    readonly path: string,
    readonly problem: string,
    /** What to do; by default to go on from another checkpoint. */
    advice = 'name an earlier checkpoint as resume_from_checkpoint, or begin again with overwrite_output_dir',
    options?: ErrorOptions,
  ) {
    super(`${path}: ${problem} — ${advice}`, options);
  }
}
