import type { Options } from 'tsup';

/** How every package is built: ESM and types from the named entries, nothing bundled but our own sources. */
export function library(entry: string[]): Options {
  return {
    entry,
    format: ['esm'],
    // tsup injects `baseUrl`, which TypeScript 6 reports as deprecated.
    dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
    clean: true,
    sourcemap: true,
    target: 'node20',
  };
}
