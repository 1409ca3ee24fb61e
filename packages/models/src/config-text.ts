/** Keys of config.json whose values are floating-point numbers in transformers, in the spellings of all families. */
const FLOATS =
  /^(initializer_(range|factor|cutoff_factor)|\w*dropout\w*|\w*(_drop|_pdrop)|\w*_prob|\w*_eps|\w*_epsilon|rope_theta|\w+_rope_theta|rotary_emb_(base|fraction))$/;

/**
 * config.json as text, two spaces deep. Whole numbers of fields that are floating-point end in ".0" (`"attention_dropout": 0.0`):
 * transformers 5 refuses an integer there (`initializer_cutoff_factor` of ModernBERT, `hidden_dropout_prob` of Nomic BERT), and
 * JavaScript does not tell the two apart.
 */
export const configText = (config: Readonly<Record<string, unknown>>): string =>
  `${JSON.stringify(config, null, 2)}\n`.replace(
    /^( {2}"(\w+)": )(-?\d+)(?=,?$)/gm,
    (line, start: string, key: string, digits: string) => (FLOATS.test(key) ? `${start}${digits}.0` : line),
  );
