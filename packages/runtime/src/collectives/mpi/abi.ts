import type { MpiImplementation } from './launch.js';

/** An address or an integer, as the implementation has its handles. */
export type Handle = bigint | number;

/**
 * Where an implementation keeps MPI's constants: handles are addresses of the library's variables in Open MPI (its `mpi.h`, 4.1), and
 * numbers in MPICH and all that share its binary interface (`mpi.h`, 4.0; mpich.org/abi).
 */
export interface Abi {
  readonly implementation: MpiImplementation;
  /** koffi's type of a handle. */
  readonly handle: 'intptr_t' | 'int';
  readonly world: Handle;
  readonly types: { readonly float32: Handle; readonly float64: Handle; readonly uint8: Handle };
  readonly operations: { readonly sum: Handle; readonly max: Handle; readonly min: Handle };
  /** Makes errors return codes. */
  readonly errorsReturn: Handle;
  /** Stands for the array to send where it is the one to receive. */
  readonly inPlace: bigint;
  readonly statusesIgnore: bigint;
  /** Null requests, so many. */
  requests(length: number): BigInt64Array | Int32Array;
}

/** @param address of a variable of the library */
export function openMpiAbi(address: (name: string) => bigint): Abi {
  return {
    implementation: 'Open MPI',
    handle: 'intptr_t',
    world: address('ompi_mpi_comm_world'),
    types: {
      float32: address('ompi_mpi_float'),
      float64: address('ompi_mpi_double'),
      uint8: address('ompi_mpi_byte'),
    },
    operations: {
      sum: address('ompi_mpi_op_sum'),
      max: address('ompi_mpi_op_max'),
      min: address('ompi_mpi_op_min'),
    },
    errorsReturn: address('ompi_mpi_errors_return'),
    inPlace: 1n,
    statusesIgnore: 0n,
    requests: (length) => new BigInt64Array(length).fill(address('ompi_request_null')),
  };
}

export const mpichAbi: Abi = {
  implementation: 'MPICH',
  handle: 'int',
  world: 0x44000000,
  types: { float32: 0x4c00040a, float64: 0x4c00080b, uint8: 0x4c00010d },
  operations: { sum: 0x58000003, max: 0x58000001, min: 0x58000002 },
  errorsReturn: 0x54000001,
  inPlace: -1n,
  statusesIgnore: 1n,
  requests: (length) => new Int32Array(length).fill(0x2c000000),
};
