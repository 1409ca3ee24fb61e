export { joinMpi, type MpiOptions } from './join.js';
export { launchOf, type MpiImplementation, type MpiLaunch } from './launch.js';
