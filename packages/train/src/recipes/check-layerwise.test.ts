import { expect, test } from 'vitest';
import { checkLayerwise } from './check-layerwise.js';

const stated = { model_type: 'minicpm', start_layer: 8, head_multi: true, head_type: 'simple' };

test('what the settings say of heads is what config.json states', () => {
  checkLayerwise(stated, { startLayer: 8, headMulti: true, headType: 'simple' });
  checkLayerwise({ model_type: 'minicpm', start_layer: 4 }, { headMulti: true, headType: 'simple' });
  checkLayerwise({ model_type: 'bert' }, {});
  expect(() => checkLayerwise(stated, { startLayer: 4 })).toThrow(
    'start_layer: expected 8, as the model’s config.json states, got 4 — leave it out',
  );
  expect(() => checkLayerwise(stated, { headMulti: false })).toThrow('head_multi: expected true');
  expect(() => checkLayerwise({ model_type: 'bert' }, { headType: 'simple' })).toThrow(
    'head_type: expected a layer-wise model with it, got model_type bert without start_layer',
  );
});
