/** A file of `torch.save` that breaks its format, or holds what a state dict does not need. */
export class PytorchFileError extends Error {
  override name = 'PytorchFileError';
  constructor(
    readonly file: string,
    readonly problem: string,
    advice = 'fetch or write the file again',
    options?: ErrorOptions,
  ) {
    super(`${file}: ${problem} — ${advice}`, options);
  }
}
