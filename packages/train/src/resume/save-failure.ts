/** Something that a run could not write. */
export class SaveFailedError extends Error {
  override readonly name = 'SaveFailedError';
  constructor(
    /** What was to be written. */
    readonly path: string,
    message: string,
    options: ErrorOptions,
  ) {
    super(message, options);
  }
}

const reasons: Readonly<Record<string, readonly [got: string, advice: string]>> = {
  ENOSPC: ['a full disk', 'free some space'],
  EDQUOT: ['a quota that is used up', 'free some space'],
  EROFS: ['a file system that is read-only', 'mount it to be written'],
  EACCES: ['no permission', 'allow the directory to be written'],
  EPERM: ['no permission', 'allow the directory to be written'],
  EIO: ['an error of the disk', 'look at the disk'],
};

/**
 * What a disk did to a save, in words; another error stays as it is.
 * @param kept checkpoints that stand, oldest first
 */
export function saveFailure(error: unknown, path: string, kept: readonly string[]): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  const known = typeof code === 'string' && Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  if (!known) return error;
  const [got, advice] = known;
  const rest =
    kept.length > 0
      ? `; ${kept.at(-1)} stands, and --resume goes on from it`
      : '; no checkpoint was written yet';
  return new SaveFailedError(
    path,
    `${path}: expected a disk that takes it, got ${got} (${(error as Error).message}) — ${advice}${rest}`,
    { cause: error },
  );
}
