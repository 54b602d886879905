// The page with scripts: it loads the addresses that it would show without any, and puts in place what differs.
// Nothing is made of text: a server's answer comes as a document, whose nodes are moved.
import { dateKey, startBrush } from "./brush.js";
import { getDocument, rememberToken } from "./requests.js";
import { closeSuggestions, suggest, suggestionKey } from "./suggestions.js";

const TYPING_MS = 120;
const SCROLL_MS = 200;
const FILTERS = ["source", "language", "tag", "author", "where"];
const $ = (id) => document.getElementById(id);
let running = new AbortController();
let typingTimer = 0;
let scrollTimer = 0;

// Load an address and show it. Filters come after the results: they take longer, and nobody waits for them.
async function show(address, { isTyped = false, back = null } = {}) {
  running.abort();
  const { signal } = (running = new AbortController());
  const wanted = new URL(address, location.href);
  const part = (name) => {
    const address = new URL(wanted);
    address.searchParams.set("part", name);
    return address;
  };
  $("main").setAttribute("aria-busy", "true");
  try {
    place(await getDocument(part("results"), signal), isTyped);
    if (back) restore(back);
    else if (!isTyped) arrive(wanted);
    if ($("results")) placeFilters(await getDocument(part("filters"), signal));
  } catch (error) {
    if (signal.aborted) return;
    $("status").textContent = `The server can't answer now. ${error.message}`;
  }
  $("main").removeAttribute("aria-busy");
}

// Put another page's content in this one's place. Filters stay until new ones come; what is typed stays as it is.
function place(page, isTyped) {
  const results = page.getElementById("results");
  if (results && $("results")) $("results").replaceWith(results);
  else $("main").replaceChildren(...page.getElementById("main").childNodes);
  document.title = page.title;
  document.querySelector("h1").replaceWith(page.querySelector("h1"));
  $("status").textContent = page.getElementById("status").textContent.trim();
  if (!$("search") && page.getElementById("search")) {
    document.querySelector("header").append(page.getElementById("search"));
    describeQuery();
  } else if (!isTyped && $("search")) {
    $("q").value = page.getElementById("q")?.value ?? "";
    replaceKeepingFocus($("choices"), page.getElementById("choices"));
  }
  if ($("filters")) forgetHiddenFilters();
}

function placeFilters(page) {
  const filters = page.getElementById("filters");
  if (!filters || !$("results")) return;
  if ($("filters")) replaceKeepingFocus($("filters"), filters);
  else $("columns").append(filters);
  forgetHiddenFilters();
}

// A form without boxes carries its filters hidden; where the boxes are, these say what holds.
function forgetHiddenFilters() {
  for (const field of document.querySelectorAll("#choices [data-filter]")) field.remove();
}

function replaceKeepingFocus(old, fresh) {
  if (!fresh) return;
  const { activeElement: focused } = document;
  const isInside = old.contains(focused);
  const opened = [...old.querySelectorAll("details")].map((each) => each.open);
  old.replaceWith(fresh);
  const details = [...fresh.querySelectorAll("details")];
  details.forEach((each, place) => (each.open ||= opened.length === details.length && opened[place]));
  if (!isInside) return;
  const same = [...fresh.querySelectorAll("[name], a")].find(
    (each) =>
      each.name === focused.name && (each.type === "checkbox" ? each.value === focused.value : each.tagName === focused.tagName),
  );
  same?.focus({ preventScroll: true });
}

// Show what an address names, and tell the history. An entry of half a query is replaced by the next.
function go(address, { isTyped = false } = {}) {
  clearTimeout(typingTimer);
  remember();
  const isSame = new URL(address, location.href).href === location.href;
  const from = $("results") ? "results" : "";
  const state = { isTyped, from };
  if (history.state?.isTyped || isSame) history.replaceState(state, "", address);
  else history.pushState(state, "", address);
  return show(address, { isTyped });
}

// Remember how far the reader is, for when he comes back.
function remember() {
  clearTimeout(scrollTimer);
  const focus = document.activeElement.matches("a.title") ? document.activeElement.getAttribute("href") : "";
  history.replaceState({ ...history.state, scroll: scrollY, focus: focus || history.state?.focus }, "");
}

function restore({ scroll = 0, focus = "" }) {
  if (focus) document.querySelector(`a.title[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  scrollTo(0, scroll);
}

function arrive(address) {
  const target = address.hash ? document.getElementById(decodeURIComponent(address.hash.slice(1))) : null;
  if (address.searchParams.has("article")) $("main").focus({ preventScroll: true });
  target?.querySelector("summary")?.focus({ preventScroll: true });
  if (target) target.scrollIntoView({ block: "center" });
  else scrollTo(0, 0);
}

// What the form says, as an address has it: the first choice of a list is the usual, and needn't be named.
// Another index has other values to filter by.
function formValues({ isOtherIndex = false } = {}) {
  const values = new URLSearchParams();
  for (const [name, value] of new FormData($("search"))) {
    const isUsual = $("search").elements[name].selectedIndex === 0;
    if (value.trim() && !isUsual) values.append(name, value);
  }
  for (const name of ["filters_of", ...(isOtherIndex ? FILTERS : [])]) values.delete(name);
  return values;
}

function dateAddress(since, until) {
  const values = new URLSearchParams(location.search);
  for (const name of ["cursor", "article", "at", "typed"]) values.delete(name);
  values.set("since", since);
  values.set("until", until);
  return `/?${values}`;
}

function type() {
  clearTimeout(typingTimer);
  typingTimer = setTimeout(() => {
    suggest($("q"), $("suggestions"), $("choices").dataset.index);
    const values = formValues();
    if (values.has("q")) values.append("typed", "true");
    go(`/?${values}`, { isTyped: true });
  }, TYPING_MS);
}

function submit(event) {
  if (event.target.id === "search") {
    event.preventDefault();
    closeSuggestions();
    go(`/?${formValues()}`);
  } else if (event.target.id === "token") {
    event.preventDefault();
    rememberToken(new FormData(event.target).get("secret"));
    show(location.href);
  }
}

function click(event) {
  const { target } = event;
  if (target.id === "help") $("keys").showModal();
  if (target.id === "next-hit") step(1);
  if (target.id === "previous-hit") step(-1);
  const link = target.closest("a[href]");
  const isPlain = !event.button && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const address = link?.getAttribute("href") ?? "";
  if (event.defaultPrevented || !isPlain || !(address === "/" || address.startsWith("/?"))) return;
  event.preventDefault();
  if (link.id === "back" && history.state?.from === "results") history.back();
  else go(address);
}

// Go to the next result, or in an article to the next hit: from the passage on, where none was gone to yet.
function step(by) {
  const titles = [...document.querySelectorAll("a.title")];
  const stops = titles.length ? titles : [...document.querySelectorAll("mark[id]")];
  let place = stops.findIndex((stop) => stop === document.activeElement || stop.classList.contains("current"));
  if (place < 0) {
    const follows = (stop) => $("passage")?.compareDocumentPosition(stop) & Node.DOCUMENT_POSITION_FOLLOWING;
    place = Math.max(stops.findIndex(follows), 0) - (by > 0 ? 1 : 0);
  }
  const next = stops[Math.min(Math.max(place + by, 0), stops.length - 1)];
  for (const mark of document.querySelectorAll("mark.current")) mark.classList.remove("current");
  if (!next) return;
  if (!titles.length) next.classList.add("current"); // a click on a button takes the focus away
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: titles.length ? "nearest" : "center" });
}

function press(event) {
  const isInField = event.target.matches("input:not([type=checkbox]), select");
  if (event.target.id === "q" && suggestionKey(event)) return;
  if (dateKey(event, (since, until) => go(dateAddress(since, until)))) return;
  if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing || $("keys").open) return;
  if (event.key === "Escape" && isInField) {
    event.preventDefault(); // the browser would empty the field
    event.target.blur();
  } else if (event.key === "Escape") $("back")?.click();
  else if (isInField) return;
  else if (event.key === "/" && $("q")) {
    event.preventDefault();
    $("q").select();
  } else if (event.key === "?") $("keys").showModal();
  else if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
}

function describeQuery() {
  const about = { role: "combobox", "aria-expanded": "false", "aria-controls": "suggestions", "aria-autocomplete": "list" };
  for (const [name, value] of Object.entries(about)) $("q").setAttribute(name, value);
}

history.scrollRestoration = "manual";
document.documentElement.classList.add("scripts");
document.addEventListener("submit", submit);
document.addEventListener("click", click);
document.addEventListener("keydown", press);
document.addEventListener("input", (event) => event.target.id === "q" && type());
document.addEventListener("change", (event) => event.target.form?.id === "search" && event.target.id !== "q" && go(`/?${formValues({ isOtherIndex: event.target.name === "index" })}`));
document.addEventListener("focusout", (event) => event.target.id === "q" && closeSuggestions());
document.addEventListener("pointerdown", (event) => startBrush(event, (since, until) => go(dateAddress(since, until))));
addEventListener("popstate", ({ state }) => {
  clearTimeout(scrollTimer);
  show(location.href, { back: state ?? {} });
});
addEventListener("pagehide", remember);
addEventListener("scroll", () => {
  clearTimeout(scrollTimer);
  scrollTimer = setTimeout(remember, SCROLL_MS);
}, { passive: true });
if ($("search")) describeQuery();
if (!$("search") && sessionStorage.getItem("token")) show(location.href);
else if (history.state) restore(history.state);
