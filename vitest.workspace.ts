/**
 * The test projects, by what they need.
 * `unit` needs nothing but Node; `cpu` runs ONNX Runtime's CPU provider; `house` builds, packs and runs the
 * repository as a user would.
 * vitest 4 does not read this file by itself: `vitest.config.ts` imports it.
 */
const conditions = ['@rag/source', 'module', 'node', 'development|production'];

function project(name: string, include: string[], exclude: string[], testTimeout: number) {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: { name, include, exclude: ['**/node_modules/**', '**/dist/**', ...exclude], testTimeout },
  };
}

export default [
  project('unit', ['packages/*/src/**/*.test.ts'], ['**/*.cpu.test.ts'], 20_000),
  project('cpu', ['packages/*/src/**/*.cpu.test.ts'], [], 120_000),
  project('house', ['scripts/**/*.test.ts', 'examples/**/*.test.ts'], [], 600_000),
];
