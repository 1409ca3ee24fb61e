export type { HubFiles } from './hub-content.js';
export type { HubFault } from './hub-fault.js';
export { HUB_TOKEN } from './hub-route.js';
export { type HubServer, startHubServer } from './hub-server.js';
