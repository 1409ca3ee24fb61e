import { expect, test } from 'vitest';
import { createMetrics } from './metrics.js';

test('counters, gauges and histograms as Prometheus reads them', () => {
  const metrics = createMetrics();
  const count = metrics.counter('c', 'what is counted');
  count({ route: '/a' });
  count({ route: '/a' }, 2);
  count({ route: 'b"\\\n' });
  const seconds = metrics.histogram('h', 'seconds', [0.1, 1]);
  for (const value of [0.1, 0.5, 7]) seconds({}, value);
  metrics.gauge('g', 'now', () => [[{ model: 'm' }, 4]]);
  expect(metrics.text()).toBe(`# HELP c what is counted
# TYPE c counter
c{route="/a"} 3
c{route="b\\"\\\\\\n"} 1
# HELP h seconds
# TYPE h histogram
h_bucket{le="0.1"} 1
h_bucket{le="1"} 2
h_bucket{le="+Inf"} 3
h_sum 7.6
h_count 3
# HELP g now
# TYPE g gauge
g{model="m"} 4
`);
  expect(() => metrics.counter('c', 'again')).toThrow('expected a new name, got "c" again');
});
