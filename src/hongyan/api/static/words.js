/**
 * The words of the pages in two languages, and how they get onto a page.
 *
 * Every element that shows words names them (`data-words`), so that a change of language is one
 * walk over the document. Words are always set as text, never as markup.
 */

import { EN } from "./en.js";
import { ZH } from "./zh.js";

const LANGUAGES = { zh: { words: ZH, tag: "zh-CN" }, en: { words: EN, tag: "en" } };
const REMEMBERED = "hongyan.language";

/** `data-words-label="key"` and the like: words that go into an attribute. */
const ATTRIBUTES = { wordsLabel: "aria-label", wordsPlaceholder: "placeholder" };

const COPIED_MS = 2_000;

let current = remembered() ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
const listeners = [];
const valuesOf = new WeakMap();

/** The sentence of a key, with its `{places}` filled from `values`. */
export function say(key, values = {}) {
  const sentence = LANGUAGES[current].words[key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (place, name) =>
    Object.hasOwn(values, name) ? values[name] : place,
  );
}

/** Whether there are words for a key, for keys that are made from an answer of the server. */
export function known(key) {
  return Object.hasOwn(LANGUAGES[current].words, key);
}

/** Put the words of a key into an element, where they follow the language from then on. */
export function put(element, key, values = {}) {
  element.dataset.words = key;
  valuesOf.set(element, values);
  const sentence = say(key, values);
  // An unchanged text is left alone, so that nobody hears it twice.
  if (element.textContent !== sentence) element.textContent = sentence;
}

/** Take an element's words away. */
export function clear(element) {
  delete element.dataset.words;
  element.textContent = "";
}

/**
 * An element with its children; strings become text, never markup. `words` names what it says,
 * and `values` fills that; the other properties are attributes.
 */
export function make(tag, { words, values, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (words) put(element, words, values);
  element.append(...children);
  return element;
}

export const find = (id) => document.getElementById(id);

/** Bring a part of the page into sight, unless its middle is there already. */
export function reveal(element) {
  const { top, bottom } = element.getBoundingClientRect();
  const middle = (top + bottom) / 2;
  if (middle < 0 || middle > innerHeight) element.scrollIntoView();
}

/** A button that copies what `text()` gives when it is pressed, and says so. */
export function copyButton(text) {
  const button = make("button", { type: "button", class: "copy", words: "copy" });
  button.addEventListener("click", async () => {
    put(button, (await copied(text())) ? "copied" : "copy.failed");
    setTimeout(() => put(button, "copy"), COPIED_MS);
  });
  return button;
}

/** Copy a text; whether that worked. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** A moment as people write it: the time for today, else the day too. */
export function moment(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const day = today ? {} : { month: "short", day: "numeric" };
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Intl.DateTimeFormat(LANGUAGES[current].tag, { ...day, ...time }).format(date);
}

/** Be told when the language changes, for what `put` cannot follow. */
export function onLanguage(listener) {
  listeners.push(listener);
}

/** Show the page in the person's language and let the switch change it. */
export function startWords() {
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => choose(button.dataset.language));
  }
  translate();
}

function choose(language) {
  current = language;
  try {
    localStorage.setItem(REMEMBERED, language);
  } catch {
    // A browser that keeps nothing still changes the language.
  }
  translate();
  for (const listener of listeners) listener();
}

function translate() {
  document.documentElement.lang = LANGUAGES[current].tag;
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", button.dataset.language === current);
  }
  for (const element of document.querySelectorAll("[data-words]")) {
    put(element, element.dataset.words, valuesOf.get(element));
  }
  for (const [place, attribute] of Object.entries(ATTRIBUTES)) {
    const named = place.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const element of document.querySelectorAll(`[data-${named}]`)) {
      element.setAttribute(attribute, say(element.dataset[place]));
    }
  }
}

function remembered() {
  try {
    const language = localStorage.getItem(REMEMBERED);
    return Object.hasOwn(LANGUAGES, language) ? language : undefined;
  } catch {
    return undefined;
  }
}
