import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';

export default defineConfig({
  ...library([
    'src/index.ts',
    'src/collectives/mpi/index.ts',
    'src/testing/index.ts',
    'src/platform/node.ts',
    'src/platform/browser.ts',
  ]),
  // The exam registers its tests with the vitest of whoever calls it.
  // `#platform` is chosen by whoever loads the package: Node or a page.
  external: ['vitest', '#platform'],
});
