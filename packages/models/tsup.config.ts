import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';

export default defineConfig(
  library([
    'src/index.ts',
    'src/node/index.ts',
    'src/web/index.ts',
    'src/web/in-place-of-node.ts',
    'src/testing/index.ts',
  ]),
);
