export { createFile } from './create-file.js';
export { openFile } from './open-file.js';
