import { button, byId, say } from './elements.js';
import { heatMap } from './heat-map.js';
import type { Found, TokenMatches } from './protocol.js';

export interface ResultsOptions {
  readonly found: readonly Found[];
  /** What the visitor said of a passage; undefined for nothing. */
  labelOf(passage: string): 0 | 1 | undefined;
  label(passage: string, label: 0 | 1 | undefined): void;
  /** Where the model has a vector per token. */
  readonly matches?: (passage: string) => Promise<TokenMatches>;
}

/** The passages found, with their scores, two buttons to judge each, and its token matches where there are some. */
export function showResults(options: ResultsOptions): void {
  byId('results').replaceChildren(...options.found.map((found, i) => result(found, i, options)));
}

function result({ passage, score }: Found, i: number, options: ResultsOptions): HTMLLIElement {
  const item = document.createElement('li');
  const place = document.createElement('div');
  place.className = 'place';
  const rank = document.createElement('strong');
  rank.textContent = String(i + 1);
  const value = document.createElement('span');
  value.textContent = score.toFixed(3);
  value.title = say('score');
  place.append(rank, value);
  const text = document.createElement('p');
  text.className = 'passage';
  text.textContent = passage;
  const body = document.createElement('div');
  body.append(text, judging(passage, i, options));
  const found = document.createElement('div');
  found.className = 'found';
  found.append(place, body);
  item.append(found);
  return item;
}

function judging(passage: string, i: number, { labelOf, label, matches }: ResultsOptions): HTMLElement {
  const group = document.createElement('div');
  group.className = 'judging';
  group.setAttribute('role', 'group');
  group.setAttribute('aria-label', say('judge', i + 1));
  const show = () => {
    for (const [j, choice] of choices.entries())
      choice.setAttribute('aria-pressed', String(labelOf(passage) === 1 - j));
  };
  const choices = (['relevant', 'notRelevant'] as const).map((name, j) =>
    button(say(name), () => {
      const chosen = j === 0 ? 1 : 0;
      label(passage, labelOf(passage) === chosen ? undefined : chosen);
      show();
    }),
  );
  show();
  group.append(...choices);
  if (matches) group.append(matchesButton(passage, matches, group));
  return group;
}

function matchesButton(
  passage: string,
  matches: (passage: string) => Promise<TokenMatches>,
  group: HTMLElement,
): HTMLButtonElement {
  let shown: HTMLElement | undefined;
  const toggle = button(say('showMatches'), async (self) => {
    if (shown) shown.remove();
    else {
      const map = heatMap(await matches(passage), say('matchesHelp'));
      group.after(map);
      shown = map;
      self.setAttribute('aria-expanded', 'true');
      self.textContent = say('hideMatches');
      return;
    }
    shown = undefined;
    self.setAttribute('aria-expanded', 'false');
    self.textContent = say('showMatches');
  });
  toggle.setAttribute('aria-expanded', 'false');
  return toggle;
}
