import { type Collective, CollectiveError } from '../collective.js';
import { launchOf } from './launch.js';
import { mpiCollective } from './mpi-collective.js';

/** How to join; what is left out is this process's own. */
export interface MpiOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** File of the MPI library; `RAG_MPI_LIBRARY` of the environment where left out, else the name that the launcher's has. */
  readonly library?: string;
}

let joined = false;

/**
 * Joins the processes that an MPI launcher started together with this one. Once per process, on the thread that calls it ever after.
 *
 * @throws CollectiveError where no launcher started this process, its library is missing or another's, or MPI says no
 */
export async function joinMpi({ environment = process.env, library }: MpiOptions = {}): Promise<Collective> {
  const launch = launchOf(environment);
  if (launch === null)
    throw new CollectiveError(
      0,
      'mpi: expected a process that an MPI launcher started, got none of its variables (OMPI_COMM_WORLD_SIZE, PMI_SIZE, PMIX_RANK) — start it with mpirun -np 2 … or srun --mpi=pmix …',
    );
  // koffi is loaded where a launcher is.
  const [{ initialize }, { openLibrary }] = await Promise.all([import('./calls.js'), import('./library.js')]);
  if (joined)
    throw new CollectiveError(
      launch.rank,
      'mpi: expected to be joined once per process, got a second time — pass the first collective on',
    );
  const opened = openLibrary(launch, library ?? environment.RAG_MPI_LIBRARY);
  joined = true;
  const calls = initialize(opened, launch.rank);
  const { rank, size } = calls;
  if (rank !== launch.rank || (launch.size !== null && size !== launch.size))
    throw new CollectiveError(
      launch.rank,
      `mpi: expected rank ${launch.rank} of ${launch.size ?? 'the job'}, as ${launch.variable} says, got rank ${rank} of ${size} from ${calls.version} — use the mpirun that belongs to the library`,
    );
  return mpiCollective(calls);
}
