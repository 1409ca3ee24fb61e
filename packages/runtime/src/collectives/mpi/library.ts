import koffi from 'koffi';
import { enlargeStack } from '../../drivers/ffi/enlarge-stack.js';
import { CollectiveError } from '../collective.js';
import { type Abi, mpichAbi, openMpiAbi } from './abi.js';
import type { MpiImplementation, MpiLaunch } from './launch.js';

type Library = ReturnType<typeof koffi.load>;

/** A library of MPI that was loaded, and how it is called. */
export interface MpiLibrary {
  readonly library: Library;
  readonly abi: Abi;
  /** Such as "Open MPI 4.1.4". */
  readonly version: string;
}

/** What each implementation's library is called, by platform; and how to get it. */
const libraries: Readonly<
  Record<MpiImplementation, { readonly linux: string; readonly darwin: string; readonly install: string }>
> = {
  'Open MPI': {
    linux: 'libmpi.so.40',
    darwin: 'libmpi.40.dylib',
    install: 'apt-get install openmpi-bin (macOS: brew install open-mpi)',
  },
  MPICH: {
    linux: 'libmpich.so.12',
    darwin: 'libmpi.12.dylib',
    install: 'apt-get install mpich (macOS: brew install mpich)',
  },
};

const byPath = 'or name its file in RAG_MPI_LIBRARY';

/**
 * Loads the library of the implementation whose launcher started this process; where several implementations use the launcher, the
 * one that is installed. It is recognised by its symbols and must be the launcher's.
 *
 * @param path the library's file, instead of its usual name
 * @throws CollectiveError where it is missing, another's, or two could be meant
 */
export function openLibrary(launch: MpiLaunch, path: string | undefined): MpiLibrary {
  const fail = (message: string, options?: ErrorOptions): never => {
    throw new CollectiveError(launch.rank, `mpi: ${message}`, options);
  };
  const { platform } = process;
  if (platform !== 'linux' && platform !== 'darwin')
    return fail(`expected Linux or macOS, got ${platform} — run on one of them (Windows: in WSL)`);
  const candidates = launch.implementation
    ? [launch.implementation]
    : (Object.keys(libraries) as MpiImplementation[]);
  const names = path === undefined ? candidates.map((name) => libraries[name][platform]) : [path];
  const faults: unknown[] = [];
  const loaded = names.flatMap((name) => {
    try {
      return [load(name)];
    } catch (fault) {
      faults.push(fault);
      return [];
    }
  });
  const [found, another] = loaded;
  if (found === undefined)
    return fail(
      `expected ${names.join(' or ')}, as this process was started with ${launch.variable}, got no such library (${faults.map((fault) => (fault as Error).message).join('; ')}) — ${candidates.map((name) => libraries[name].install).join(' or ')}, ${byPath}`,
      { cause: faults[0] },
    );
  if (another !== undefined)
    return fail(
      `expected one MPI, as ${launch.variable} does not say which, got ${found.version} and ${another.version} — name the file of the job's in RAG_MPI_LIBRARY`,
    );
  if (launch.implementation !== null && found.abi.implementation !== launch.implementation)
    return fail(
      `expected ${launch.implementation}, whose launcher set ${launch.variable}, got ${found.version} — start the job with the mpirun of ${found.abi.implementation}, ${byPath}`,
    );
  return found;
}

/**
 * What UCX, through which MPI may talk, must leave alone in a process of many threads: it patches the C library's memory functions while V8's
 * threads allocate (1 in 8 jobs of 4 ranks under Debian's UCX 1.13 crashed in malloc, none without; registration of memory is cached less),
 * and takes the signals that WebAssembly's bounds checks need. What the environment says is kept.
 */
const ucxSettings = {
  UCX_MEM_MMAP_HOOK_MODE: 'none',
  UCX_MEM_MALLOC_HOOKS: 'no',
  UCX_HANDLE_ERRORS: 'none',
};

function load(name: string): MpiLibrary {
  enlargeStack();
  for (const [variable, value] of Object.entries(ucxSettings)) process.env[variable] ??= value;
  // Its plugins find the library's symbols only if they are global.
  const library = koffi.load(name, { global: true });
  const text = libraryVersion(library);
  const [, version = ''] = /([0-9]+(?:\.[0-9]+)+\S*?)(?:[\s,]|$)/.exec(text) ?? [];
  if (hasVariable(library, 'ompi_mpi_comm_world')) {
    const address = (variable: string) => BigInt(koffi.address(library.symbol(variable, 'char')));
    return { library, abi: openMpiAbi(address), version: `Open MPI ${version}` };
  }
  if (!/MPICH|MVAPICH|Intel\(R\) MPI/.test(text))
    throw new Error(
      `${name}: expected a library of Open MPI or MPICH, got ${JSON.stringify(text.slice(0, 80))}`,
    );
  return { library, abi: mpichAbi, version: `MPICH ${version}` };
}

/** The first line of what the library says of itself; MPI allows the call before MPI_Init. */
function libraryVersion(library: Library): string {
  // MPICH's MPI_MAX_LIBRARY_VERSION_STRING; Open MPI's is 256.
  const text = new Uint8Array(8192);
  const length = new Int32Array(1);
  library.func('int MPI_Get_library_version(void *version, void *resultlen)')(text, length);
  const [line = ''] = new TextDecoder('latin1').decode(text.subarray(0, length[0])).split('\n');
  return line.replaceAll('\0', '');
}

function hasVariable(library: Library, name: string): boolean {
  try {
    library.symbol(name, 'char');
    return true;
  } catch {
    return false;
  }
}
