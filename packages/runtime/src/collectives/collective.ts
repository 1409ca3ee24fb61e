/** How elements of several ranks become one. NaN among elements to compare gives an unspecified element. */
export type Reduction = 'sum' | 'max' | 'min';

/**
 * Processes that compute together. Every method is called by all ranks in the same order and with the same sizes; calls may be
 * outstanding together if all ranks started them in the same order. An array that was given belongs to the call until it has settled.
 */
export interface Collective {
  /** Such as "single", "loopback", "mpi (Open MPI 4.1.4)". */
  readonly name: string;
  /** From 0. */
  readonly rank: number;
  readonly size: number;
  /** Element-wise over ranks, in place, a sum unless told otherwise; every rank has the same bits afterwards. */
  allReduce(data: Float32Array | Float64Array, operation?: Reduction): Promise<void>;
  /**
   * Rank r ends with the sums of elements `bounds[r]` … `bounds[r + 1]` in place; the other ranks' ranges are undefined then.
   *
   * @param bounds size + 1 offsets that never fall, the same on every rank
   */
  reduceScatter(data: Float32Array, bounds: readonly number[]): Promise<void>;
  /**
   * Every rank ends with every rank's range, in place.
   *
   * @param bounds size + 1 offsets that never fall, the same on every rank
   */
  allGather(data: Float32Array | Uint8Array, bounds: readonly number[]): Promise<void>;
  /** Every rank ends with the elements of rank `root`. */
  broadcast(data: Float32Array | Uint8Array, root: number): Promise<void>;
  /** Settles when every rank has called it. */
  barrier(): Promise<void>;
  /** Ends every process of the job with this message on stderr; never returns. Where all ranks are this process it throws. */
  abort(reason: string): never;
  /** By all ranks; nothing may be called afterwards. */
  close(): Promise<void>;
}

/** A collective that was called wrongly, or whose processes do not answer any more. */
export class CollectiveError extends Error {
  readonly rank: number;

  constructor(rank: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CollectiveError';
    this.rank = rank;
  }
}
