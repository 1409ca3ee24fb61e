/** A checkpoint that a run cannot go on from. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  constructor(
    /** The file or directory at fault. */
    readonly path: string,
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(
      `${path}: ${problem} — name another checkpoint as resume_from_checkpoint, or begin again with overwrite_output_dir`,
      options,
    );
  }
}
