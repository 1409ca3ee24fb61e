export { type Campaign, type CampaignReport, campaign } from './campaign.js';
export { filesOfDirectory, type HubFiles } from './hub-content.js';
export type { HubFault } from './hub-fault.js';
export { HUB_TOKEN } from './hub-route.js';
export { type HubServer, startHubServer } from './hub-server.js';
export { mutateBytes } from './mutate-bytes.js';
export { mutateJson } from './mutate-json.js';
export { pick, type Random, randomFrom } from './random.js';
export { weightsWithin, writeAdapter } from './write-adapter.js';
