import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where Chromium or Chrome lies after a usual installation, by platform. */
const usualPlaces: Readonly<Record<string, readonly string[]>> = {
  linux: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: ['C:\\Program Files', 'C:\\Program Files (x86)'].map((folder) =>
    join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'),
  ),
};

/** The browser of the tests: the one that CHROMIUM names, or one in a usual place; undefined where there is none. */
export function findChromium(
  named: string | undefined = process.env.CHROMIUM,
  platform: string = process.platform,
  exists: (path: string) => boolean = existsSync,
): string | undefined {
  if (named !== undefined) {
    if (exists(named)) return named;
    throw new Error(`CHROMIUM: expected the path of a browser, got ${named}, which is not there`);
  }
  return usualPlaces[platform]?.find(exists);
}

/** Flags without which Chromium asks the network for this and that, and those of WebGPU on the processor. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
];
