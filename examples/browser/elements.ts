import { type Language, type TextName, textIn } from './texts.js';

/** The element of an id of index.html. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (!found) throw new Error(`#${id}: expected this element in index.html, got none`);
  return found as E;
}

const LANGUAGE = 'rag-language';

/** What the visitor chose, else what the browser asks for. */
export let language: Language =
  (localStorage.getItem(LANGUAGE) as Language | null) ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');

/** A text in the language in use. */
export const say = (name: TextName, ...values: readonly unknown[]): string => textIn(language, name, values);

/** Fills every element with `data-text`. */
export function showTexts(): void {
  document.documentElement.lang = language === 'zh' ? 'zh-Hans' : 'en';
  document.title = say('title');
  for (const node of document.querySelectorAll<HTMLElement>('[data-text]'))
    node.textContent = say(node.dataset.text as TextName);
}

/** The other of the two languages from here on. */
export function switchLanguage(): void {
  language = language === 'en' ? 'zh' : 'en';
  localStorage.setItem(LANGUAGE, language);
  showTexts();
}

/** A button with a text of its own. */
export function button(text: string, press: (self: HTMLButtonElement) => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'quiet';
  made.textContent = text;
  made.addEventListener('click', () => press(made));
  return made;
}
