// A list asks for itself anew and keeps its place: morphing leaves focus, selection and typed text alone.
import htmx from "htmx.org";
import { count } from "./bulk.js";

const EVERY = 30_000;

function refresh(box) {
  if (document.hidden || !box.isConnected || document.querySelector("dialog[open]")) return;
  // A card that is being dragged stays under the hand.
  if (document.querySelector("[data-dragging]")) return;
  // Marked, so that a page left open does not keep its reader signed in.
  htmx.ajax("GET", box.dataset.refresh, { source: box, target: box, swap: "innerMorph", headers: { "X-Background": "1" } });
}

function isSeen(row) {
  const { top, bottom } = row.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/** How far the row at which the reader is stands from the top of the window, or else the first that is seen. */
function place(box) {
  const at = [document.activeElement?.closest?.("[data-row]"), box.querySelector("[data-row][aria-current]")];
  const row = [...at, ...box.querySelectorAll("[data-row]")].find((each) => each && box.contains(each) && isSeen(each));
  return row && { id: row.id, top: row.getBoundingClientRect().top };
}

function typed(box) {
  return [...box.querySelectorAll("input:not([type=checkbox]):not([type=radio]):not([type=hidden]), textarea")]
    .filter((input) => input.id && input.value !== input.defaultValue)
    .map((input) => [input.id, input.value]);
}

function keep(box) {
  const active = document.activeElement;
  return {
    selected: [...box.querySelectorAll("[data-select]:checked")].map((input) => input.value),
    row: box.querySelector("[data-row][aria-current]")?.id,
    focus: box.contains(active) ? active.closest("[data-row]")?.id : null,
    is: active?.matches?.("[data-select]") ? "[data-select]" : "[data-open-row]",
    place: scrollY > 0 ? place(box) : null,
    typed: typed(box),
  };
}

function bringBack(kept) {
  document.querySelectorAll("[data-select]").forEach((input) => (input.checked = kept.selected.includes(input.value)));
  kept.typed.forEach(([id, value]) => document.getElementById(id) && (document.getElementById(id).value = value));
  if (kept.row) document.getElementById(kept.row)?.setAttribute("aria-current", "true");
  if (kept.focus && document.activeElement === document.body) {
    document.getElementById(kept.focus)?.querySelector(kept.is)?.focus({ preventScroll: true });
  }
  const seen = kept.place && document.getElementById(kept.place.id);
  if (seen) scrollBy({ top: seen.getBoundingClientRect().top - kept.place.top, behavior: "instant" });
  count();
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
    kept = box ? keep(box) : null;
  });
  document.addEventListener("htmx:after:swap", () => {
    if (kept) bringBack(kept);
    kept = null;
  });
}
