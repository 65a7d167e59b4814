// Keys: j k Enter c x in lists, / and Ctrl-K to search, g i and g n to go, ? for the table of keys.
let pending = "";

const typing = (element) => element?.closest?.("input, textarea, select, [contenteditable], dialog[open], .djs-container, .diagram__canvas");
const rows = () => [...document.querySelectorAll("[data-rows] [data-row]")];
const link = (row) => row?.querySelector("[data-open-row]");
const current = () => document.activeElement?.closest?.("[data-row]") ?? document.querySelector("[data-row][aria-current]");

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step))];
  link(next)?.focus();
  next.scrollIntoView({ block: "nearest" });
}

function follow(endpoint) {
  document.querySelector(`[data-go="${endpoint}"]`)?.click();
}

const actions = {
  j: () => move(1),
  k: () => move(-1),
  Enter: () => link(current())?.click(),
  c: () => current()?.querySelector("[data-claim]")?.click(),
  x: () => current()?.querySelector("[data-select]")?.click(),
  "/": () => (document.querySelector("[data-list-search]") ?? document.getElementById("search"))?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
  gi: () => follow("inbox"),
  gn: () => follow("start"),
};

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    // On a link or a button, Enter is the browser's own.
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    const key = pending + event.key;
    pending = event.key === "g" && !pending ? "g" : "";
    if (pending) return setTimeout(() => (pending = ""), 1200);
    if (actions[key]) {
      event.preventDefault();
      actions[key]();
    }
  });
}
