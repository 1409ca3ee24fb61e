import { expect, test } from 'vitest';
import { ArtifactError } from './error.js';
import {
  checkTrainingModelNames,
  gradientBuffer,
  gradientUpdated,
  isGradientName,
  lazyResetGrad,
} from './names.js';

test('accepts the inputs of a BERT cross-encoder', () => {
  checkTrainingModelNames(
    ['input_ids', 'attention_mask', 'labels', 'gradient', 'grad'],
    ['bert.embeddings.word_embeddings.weight', 'classifier.weight', 'classifier.bias'],
  );
});

test.each([
  [['x_grad'], [], /user input "x_grad".*ends in "_grad".*rename/],
  [[gradientBuffer('w')], [], /ends in "_grad\.accumulation\.buffer"/],
  [[gradientUpdated('w')], [], /ends in "_grad\.accumulation\.out"/],
  [[lazyResetGrad], [], /name of the reset flag/],
  [[''], [], /empty name/],
  [['x', 'x'], [], /user input "x".*got the name of a user input — remove one/],
  [['w'], ['w'], /parameter "w".*got the name of a user input — the runtime would feed the parameter/],
  [[], ['w', 'w'], /parameter "w".*once/],
  [[], [lazyResetGrad], /parameter "lazy_reset_grad".*reset flag/],
  [[], ['w', gradientBuffer('w')], /parameter "w_grad\.accumulation\.buffer"/],
])('rejects user inputs %j with parameters %j', (userInputs, parameters, message) => {
  const check = () => checkTrainingModelNames(userInputs, parameters);
  expect(check).toThrow(ArtifactError);
  expect(check).toThrow(message);
});

test('a gradient name is told by its ending alone', () => {
  expect(['W_grad', gradientBuffer('a.b'), gradientUpdated('a.b')].map(isGradientName)).toEqual([
    true,
    true,
    true,
  ]);
  expect(['dW', 'W_grad_norm', 'loss'].map(isGradientName)).toEqual([false, false, false]);
});
