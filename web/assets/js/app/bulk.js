// Selecting several lines: how many, all of the page, and nothing sent while none is selected.
import { say } from "./words.js";

const boxes = () => [...document.querySelectorAll("[data-select]")];

export function count() {
  const form = document.querySelector("[data-bulk]");
  if (!form) return;
  form.dataset.scripted = "1";
  const all = boxes();
  const selected = all.filter((box) => box.checked).length;
  form.querySelector("[data-selected]").textContent = say("selected", { n: selected });
  form.querySelectorAll("button[name=verb]").forEach((button) => (button.disabled = !selected));
  const whole = form.querySelector("[data-select-all]");
  whole.checked = selected > 0 && selected === all.length;
  whole.indeterminate = selected > 0 && selected < all.length;
  form.classList.toggle("bulk--on", selected > 0);
}

export function startBulk() {
  if (!document.querySelector("[data-bulk]")) return;
  let last = null;
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-select]");
    if (!box) return;
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) all.slice(from, to + 1).forEach((each) => (each.checked = box.checked));
    last = box;
    count();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-all]")) boxes().forEach((box) => (box.checked = event.target.checked));
    if (event.target.matches("[data-select-all], [data-select]")) count();
  });
  window.addEventListener("pageshow", count);
  count();
}
