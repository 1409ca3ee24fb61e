export { type UrlProgress, type UrlSourceOptions, urlSource } from './url-source.js';
