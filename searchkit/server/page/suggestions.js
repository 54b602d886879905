// Suggestions: what a beginning may go on to, in a list below the query (a combobox, as ARIA has it).
import { getJson } from "./requests.js";

const MOST = 7;
let running = new AbortController();
let query = null;
let list = null;

export async function suggest(field, place, index) {
  running.abort();
  const { signal } = (running = new AbortController());
  [query, list] = [field, place];
  const prefix = field.value.trim();
  if (!prefix || prefix.length > 200) return void closeSuggestions();
  const values = new URLSearchParams({ prefix, k: MOST });
  const answer = await getJson(`/v1/${encodeURIComponent(index)}/suggest?${values}`, signal).catch(() => null);
  if (signal.aborted || document.activeElement !== field) return;
  open(answer?.suggestions ?? []);
}

function open(suggestions) {
  const options = suggestions.map(({ text, kind, count }, place) => {
    const option = document.createElement("li");
    option.id = `suggestion-${place}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.dataset.text = text;
    const words = document.createElement("span");
    words.dir = "auto";
    words.textContent = text;
    const about = document.createElement("small");
    about.textContent = kind === "word" ? `${count}` : `${kind}, ${count}`;
    option.append(words, about);
    option.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus
      pick(option);
    });
    return option;
  });
  list.replaceChildren(...options);
  list.hidden = !options.length;
  query.setAttribute("aria-expanded", String(!list.hidden));
  query.removeAttribute("aria-activedescendant");
}

export function closeSuggestions() {
  running.abort();
  if (list) open([]);
}

const selected = () => list?.querySelector('[aria-selected="true"]');

function pick(option) {
  query.value = option.dataset.text;
  closeSuggestions();
  query.form.requestSubmit();
}

function select(by) {
  const options = [...list.children];
  const place = options.indexOf(selected()) + by;
  selected()?.setAttribute("aria-selected", "false");
  const next = options.at(place < -1 ? -1 : place % options.length);
  if (place === -1) return void query.removeAttribute("aria-activedescendant");
  next.setAttribute("aria-selected", "true");
  query.setAttribute("aria-activedescendant", next.id);
}

// Take a key that is meant for the list; say whether it was.
export function suggestionKey(event) {
  if (!list || list.hidden || event.isComposing) return false;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") select(event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "Enter" && selected()) pick(selected());
  else if (event.key === "Escape") closeSuggestions();
  else return false;
  event.preventDefault();
  return true;
}
