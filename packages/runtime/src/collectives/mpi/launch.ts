/** The libraries whose binary interfaces are known here. */
export type MpiImplementation = 'Open MPI' | 'MPICH';

/** What a launcher's environment says of the job. */
export interface MpiLaunch {
  /** Whose launcher it was; null where several implementations use it. */
  readonly implementation: MpiImplementation | null;
  /** The variable by which it was recognised. */
  readonly variable: string;
  /** From 0. */
  readonly rank: number;
  /** Processes of the job; null where the launcher does not say. */
  readonly size: number | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Recognises a process that an MPI launcher started: `mpirun` of Open MPI (`OMPI_COMM_WORLD_SIZE`), Hydra of MPICH and its kin
 * (`MPI_LOCALNRANKS` beside `PMI_SIZE`), Slurm's `srun --mpi=pmi2` (`PMI_SIZE`) and `--mpi=pmix` (`PMIX_RANK`). Slurm's own variables
 * do not count: a batch script has them too.
 *
 * @returns null where no launcher did
 * @throws RangeError for ranks and sizes that are none
 */
export function launchOf(environment: Environment): MpiLaunch | null {
  const launch = (
    implementation: MpiImplementation | null,
    variable: string,
    rank: string,
    size: string | null,
  ): MpiLaunch => {
    const launched = {
      ...{ implementation, variable },
      rank: count(environment, rank, 0),
      size: size === null ? null : count(environment, size, 1),
    };
    if (launched.size !== null && launched.rank >= launched.size)
      throw new RangeError(
        `${rank}: expected a rank below ${size} (${launched.size}), got ${launched.rank} — start the job anew with mpirun`,
      );
    return launched;
  };
  if (environment.OMPI_COMM_WORLD_SIZE !== undefined)
    return launch('Open MPI', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE');
  if (environment.PMI_SIZE !== undefined)
    return launch(
      environment.MPI_LOCALNRANKS === undefined ? null : 'MPICH',
      ...(['PMI_SIZE', 'PMI_RANK', 'PMI_SIZE'] as const),
    );
  if (environment.PMIX_RANK !== undefined) return launch(null, 'PMIX_RANK', 'PMIX_RANK', null);
  return null;
}

function count(environment: Environment, name: string, least: number): number {
  const text = environment[name] ?? '';
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least))
    throw new RangeError(
      `${name}: expected a whole number from ${least}, got ${JSON.stringify(environment[name])} — start the job anew with mpirun`,
    );
  return value;
}
