// Toasts: they leave by themselves, but not while they are read, and not when they report an error.
import { say } from "./words.js";

const STAY = 6000;

/** Show a sentence in the corner, as a way to an address if there is one. */
export function toast(text, kind = "info", address = "") {
  const region = document.getElementById("toasts");
  if (!region) return;
  const box = document.createElement("div");
  box.className = `toast toast--${kind}`;
  const sentence = document.createElement("p");
  if (address) {
    const way = document.createElement("a");
    way.href = address;
    way.textContent = text;
    sentence.append(way);
  } else sentence.textContent = text;
  box.append(sentence);
  region.append(box);
}

function dress(box) {
  if (box.dataset.dressed) return;
  box.dataset.dressed = "1";
  const close = document.createElement("button");
  close.type = "button";
  close.className = "link";
  close.textContent = say("close");
  close.addEventListener("click", () => box.remove());
  box.append(close);
  const undo = box.querySelector("form[data-seconds]");
  if (undo) countDown(box, undo, Number(undo.dataset.seconds));
  if (box.classList.contains("toast--error") || box.querySelector("form, a")) return;
  let timer = setTimeout(() => box.remove(), STAY);
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => (timer = setTimeout(() => box.remove(), STAY)));
}

/** What can be undone for some seconds says how many are left, and goes with the last. */
function countDown(box, form, seconds) {
  const until = Date.now() + seconds * 1000;
  const left = document.createElement("span");
  left.className = "toast__left";
  left.setAttribute("aria-hidden", "true");
  form.querySelector("button").append(left);
  const show = () => {
    const rest = Math.ceil((until - Date.now()) / 1000);
    left.textContent = ` ${rest}`;
    if (rest > 0) return;
    clearInterval(timer);
    if (!box.contains(document.activeElement)) box.remove();
    else form.remove();
  };
  const timer = setInterval(show, 1000);
  show();
}

export function startToasts() {
  const all = () => document.querySelectorAll("#toasts .toast").forEach(dress);
  all();
  new MutationObserver(all).observe(document.body, { childList: true, subtree: true });
}
