/** Labels of a metric. */
export type Labels = Readonly<Record<string, string>>;

/** Upper ends of the buckets of durations, in seconds. */
export const SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
/** Upper ends of the buckets of counts. */
export const COUNTS: readonly number[] = Array.from({ length: 17 }, (_, i) => 2 ** i);

interface Series {
  readonly labels: Labels;
  value: number;
  readonly buckets?: number[];
  count: number;
}

interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly ends?: readonly number[];
  readonly series: Map<string, Series>;
  readonly read?: () => Iterable<readonly [Labels, number]>;
}

/** Numbers of a server for Prometheus (text exposition format 0.0.4). */
export interface Metrics {
  counter(name: string, help: string): (labels: Labels, by?: number) => void;
  histogram(name: string, help: string, ends: readonly number[]): (labels: Labels, value: number) => void;
  /** Read when somebody asks. */
  gauge(name: string, help: string, read: () => Iterable<readonly [Labels, number]>): void;
  text(): string;
}

/** An empty registry; labels must be of bounded number, since each set of them is kept. */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>();
  const family = (name: string, of: Omit<Family, 'series'>): Family => {
    if (families.has(name)) throw new RangeError(`metrics: expected a new name, got "${name}" again`);
    const made = { ...of, series: new Map<string, Series>() };
    families.set(name, made);
    return made;
  };
  const seriesOf = ({ series, ends }: Family, labels: Labels): Series => {
    const key = labelText(labels);
    const found = series.get(key);
    if (found) return found;
    const made = {
      labels,
      value: 0,
      count: 0,
      ...(ends && { buckets: new Array<number>(ends.length).fill(0) }),
    };
    series.set(key, made);
    return made;
  };
  return {
    counter(name, help) {
      const counter = family(name, { type: 'counter', help });
      return (labels, by = 1) => {
        seriesOf(counter, labels).value += by;
      };
    },
    histogram(name, help, ends) {
      const histogram = family(name, { type: 'histogram', help, ends });
      return (labels, value) => {
        const series = seriesOf(histogram, labels);
        series.value += value;
        series.count++;
        const bucket = ends.findIndex((end) => value <= end);
        if (bucket >= 0) series.buckets![bucket]!++;
      };
    },
    gauge(name, help, read) {
      family(name, { type: 'gauge', help, read });
    },
    text: () => `${[...families].flatMap(([name, of]) => linesOf(name, of)).join('\n')}\n`,
  };
}

function linesOf(name: string, { type, help, ends, series, read }: Family): string[] {
  const head = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
  if (read)
    return [...head, ...Array.from(read(), ([labels, value]) => `${name}${labelText(labels)} ${value}`)];
  const lines = [...series.values()].flatMap(({ labels, value, buckets, count }) => {
    if (!buckets) return [`${name}${labelText(labels)} ${value}`];
    let below = 0;
    return [
      ...buckets.map((inside, i) => {
        below += inside;
        return `${name}_bucket${labelText({ ...labels, le: String(ends![i]) })} ${below}`;
      }),
      `${name}_bucket${labelText({ ...labels, le: '+Inf' })} ${count}`,
      `${name}_sum${labelText(labels)} ${value}`,
      `${name}_count${labelText(labels)} ${count}`,
    ];
  });
  return [...head, ...lines];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([key, value]) =>
      `${key}="${value.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`))}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
