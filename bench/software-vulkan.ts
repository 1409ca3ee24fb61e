import { existsSync } from 'node:fs';

/** Where Debian's Chromium has its software Vulkan, which onnxruntime-node takes for a GPU. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** The environment in which onnxruntime-node finds an adapter: the software one where no other is named. */
export const webgpuEnvironment = (): NodeJS.ProcessEnv =>
  process.env.VK_ICD_FILENAMES === undefined && existsSync(SWIFTSHADER)
    ? { VK_ICD_FILENAMES: SWIFTSHADER }
    : {};

/** Whether that is the software one. */
export const isSoftware = (): boolean => Object.keys(webgpuEnvironment()).length > 0;
