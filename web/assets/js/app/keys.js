// Keys in lists. The dialog that shows them is their table: data-key says which, data-does what, data-url where to.
let pending = "";

const FIELDS = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], .djs-container, .diagram__canvas";
const typing = (element) => element?.closest?.(FIELDS);
const rows = () => [...document.querySelectorAll("[data-rows] [data-row]")];
const link = (row) => row?.querySelector("[data-open-row]");
const current = () => document.activeElement?.closest?.("[data-row]") ?? document.querySelector("[data-row][aria-current]");

function focus(row) {
  link(row)?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  focus(all[Math.min(all.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))]);
}

const actions = {
  next: () => move(1),
  previous: () => move(-1),
  open: () => link(current())?.click(),
  claim: () => (current()?.querySelector("[data-claim]") ?? document.querySelector("#panel [data-claim], main > .columns [data-claim]"))?.click(),
  select: () => current()?.querySelector("[data-select]")?.click(),
  all: () => document.querySelector("[data-select-all]")?.click(),
  bulk: () => document.querySelector("[data-bulk] button")?.focus(),
  search: () => (document.querySelector("[data-list-search]") ?? document.getElementById("search"))?.focus(),
  help: () => document.getElementById("keys")?.showModal(),
  go: (row) => location.assign(row.dataset.url),
};

function table() {
  const found = new Map();
  for (const row of document.querySelectorAll("#keys [data-key]")) found.set(row.dataset.key, row);
  return found;
}

export function startKeys() {
  const keys = table();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && event.target.matches?.("[data-list-search], #panel *")) {
      focus(current() ?? rows()[0]);
      return;
    }
    if (typing(event.target)) return;
    // On a link or a button, Enter is the browser's own.
    if (event.key === "Enter" && event.target.closest("a, button, summary, input")) return;
    const name = pending ? `${pending} ${event.key}` : event.key;
    pending = event.key === "g" && !pending ? "g" : "";
    if (pending) return setTimeout(() => (pending = ""), 1200);
    const row = keys.get(name);
    const act = row && actions[row.dataset.does];
    if (act) {
      event.preventDefault();
      act(row);
    }
  });
}
