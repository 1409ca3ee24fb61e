/** An ONNX file that is missing, refused, or not what it should be. */
export class OnnxFileError extends Error {
  override name = 'OnnxFileError';
  constructor(
    /** Relative to the checkpoint. */
    readonly path: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: ${message}`, options);
  }
}
