import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SessionError } from '../../error.js';

/**
 * File names per platform: the one that onnxruntime-node's own binding links, so that a process that uses both holds a
 * single copy (on macOS the package has the library twice, the binding asks for `@rpath/libonnxruntime.1.dylib`).
 */
const fileNames: Readonly<Record<string, string>> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.1.dylib',
  win32: 'onnxruntime.dll',
};

/** The folder of onnxruntime-node's binaries for a platform and architecture, below its package folder. */
export function binaryFolder(packageFolder: string, platform: string, arch: string): string {
  return join(packageFolder, 'bin', 'napi-v6', platform, arch);
}

function packageFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  } catch (cause) {
    throw new SessionError(
      'onnxruntime-node',
      'expected an installed package, got none — npm install onnxruntime-node@1.30.0',
      {
        cause,
      },
    );
  }
}

/**
 * Path of the ONNX Runtime library that the installed onnxruntime-node carries.
 * Throws SessionError where the package has no binary for the platform and architecture.
 */
export function libraryPath(
  platform: string = process.platform,
  arch: string = process.arch,
  root: string = packageFolder(),
): string {
  const name = Object.hasOwn(fileNames, platform) ? fileNames[platform] : undefined;
  const path = name && join(binaryFolder(root, platform, arch), name);
  if (!path || !existsSync(path)) {
    throw new SessionError(
      'ONNX Runtime library',
      `expected a binary for ${platform}/${arch} in onnxruntime-node, got none — it ships linux (x64, arm64), darwin (arm64) and win32 (x64, arm64)`,
    );
  }
  return path;
}

/**
 * Throws SessionError, with the command that installs it, unless the CUDA provider lies next to the library
 * (onnxruntime-node offers it for linux/x64 only, and not in the npm package).
 */
export function requireCudaProvider(
  platform: string = process.platform,
  arch: string = process.arch,
  root: string = packageFolder(),
): void {
  if (platform !== 'linux' || arch !== 'x64') {
    throw new SessionError(
      "provider 'cuda'",
      `expected linux/x64, got ${platform}/${arch} — use provider 'cpu'`,
    );
  }
  const folder = binaryFolder(root, platform, arch);
  const missing = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'].filter(
    (name) => !existsSync(join(folder, name)),
  );
  if (missing.length > 0) {
    const script = join(root, 'script', 'install.js');
    throw new SessionError(
      "provider 'cuda'",
      `expected ${missing.join(' and ')} beside ONNX Runtime, got none — run: node "${script}" --onnxruntime-node-install=cuda12 (they need an NVIDIA driver, CUDA 12 and cuDNN 9), or use provider 'cpu'`,
    );
  }
}
