/** What one update did. */
export interface UpdateResult {
  /** Mean loss over the update's batches. */
  readonly loss: number;
  readonly weight: number;
  /** The loss summed over the weight, both of all ranks; of several ranks alone. */
  readonly total?: { readonly sum: number; readonly weight: number };
  /** L2 norm over all gradients before clipping. */
  readonly gradientNorm: number;
  /** The gradients overflowed in fp16: nothing was updated, and the loss scale was halved. */
  readonly skipped?: true;
  /** Of the mean loss in the updates that follow; of fp16 alone. */
  readonly lossScale?: number;
}
