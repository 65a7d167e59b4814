// A list asks for itself anew and keeps its place: morphing leaves focus, selection and typed text alone.
import htmx from "htmx.org";

const EVERY = 30_000;

function refresh(box) {
  if (document.hidden || !box.isConnected || document.querySelector("dialog[open]")) return;
  // Marked, so that a page left open does not keep its reader signed in.
  htmx.ajax("GET", box.dataset.refresh, { source: box, target: box, swap: "innerMorph", headers: { "X-Background": "1" } });
}

export function startRefresh() {
  const all = () => document.querySelectorAll("[data-refresh]").forEach(refresh);
  setInterval(all, EVERY);
  document.addEventListener("visibilitychange", all);
  document.addEventListener("list:changed", all);
  let kept = null;
  // A morph may rebuild checkboxes from the server's answer; what was selected stays selected.
  document.addEventListener("htmx:before:swap", (event) => {
    const box = event.target.closest?.("[data-refresh]");
    kept = box && {
      selected: [...box.querySelectorAll("[data-select]:checked")].map((input) => input.value),
      row: box.querySelector("[data-row][aria-current]")?.id,
      focus: document.activeElement?.closest?.("[data-row]")?.id,
    };
  });
  document.addEventListener("htmx:after:swap", () => {
    if (!kept) return;
    document.querySelectorAll("[data-select]").forEach((input) => (input.checked = kept.selected.includes(input.value)));
    if (kept.row) document.getElementById(kept.row)?.setAttribute("aria-current", "true");
    if (kept.focus && document.activeElement === document.body) document.getElementById(kept.focus)?.querySelector("[data-open-row]")?.focus();
    kept = null;
  });
}
