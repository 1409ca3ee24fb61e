import { playwright } from '@vitest/browser-playwright';
import { CHROMIUM_FLAGS, findChromium } from './scripts/chromium.js';

/**
 * The test projects, by what they need.
 * `unit` needs nothing but Node; `cpu` runs ONNX Runtime's CPU provider; `browser` runs in a page of headless Chromium, where there is
 * one; `house` builds, packs and runs the repository as a user would.
 * vitest 4 does not read this file by itself: `vitest.config.ts` imports it.
 */
const conditions = ['@rag/source', 'module', 'node', 'development|production'];
const exclude = ['**/node_modules/**', '**/dist/**'];

/**
 * @param timeout milliseconds of a test, and of what is made before the tests of a file, which takes as long
 * @param isolate whether each file has modules of its own; without it, files share what they import, in half the time
 */
function project(name: string, include: string[], excluded: string[], timeout: number, isolate = true) {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name,
      include,
      exclude: [...exclude, ...excluded],
      testTimeout: timeout,
      hookTimeout: timeout,
      isolate,
    },
  };
}

function browserProject(executablePath: string) {
  return {
    resolve: { conditions: ['@rag/source', 'browser', 'module', 'development|production'] },
    // It finds its WebAssembly beside itself.
    optimizeDeps: { exclude: ['onnxruntime-web'] },
    server: {
      headers: {
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      },
    },
    test: {
      // Its instances are the projects; one may not have its name.
      name: 'pages',
      include: ['packages/*/src/**/*.browser.test.ts'],
      exclude,
      testTimeout: 120_000,
      hookTimeout: 120_000,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath, args: CHROMIUM_FLAGS } }),
        instances: [{ browser: 'chromium' as const, name: 'browser' }],
      },
    },
  };
}

const chromium = findChromium();

export default [
  project(
    'unit',
    ['packages/*/src/**/*.test.ts', 'bench/*.test.ts'],
    ['**/*.cpu.test.ts', '**/*.browser.test.ts'],
    20_000,
    false,
  ),
  project('cpu', ['packages/*/src/**/*.cpu.test.ts'], [], 120_000),
  ...(chromium === undefined ? [] : [browserProject(chromium)]),
  project('house', ['scripts/**/*.test.ts', 'examples/**/*.test.ts'], [], 600_000),
];
