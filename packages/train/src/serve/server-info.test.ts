import { expect, test } from 'vitest';
import { toldService } from '../testing/told-service.js';
import { serverInfo } from './server-info.js';

test('the first model at the top, all of them in a list', () => {
  const { service } = toldService();
  const info = serverInfo(
    { embedding: service },
    {
      version: '1.2.3',
      maxQueue: 5,
      maxBatchTokens: 6,
      maxBatchRequests: undefined,
      maxClientBatchSize: 4,
      autoTruncate: true,
      tokenizationWorkers: 0,
    },
  );
  expect(info).toMatchObject({ model_id: 'told', max_batch_requests: null, max_concurrent_requests: 5 });
  expect(info.models).toEqual([
    expect.objectContaining({ served_model_name: 'told', max_input_length: 100 }),
  ]);
});
