#!/usr/bin/env node
// Stands here so that package managers can link `rag` before dist/ is built.
await import('../dist/cli.js');
