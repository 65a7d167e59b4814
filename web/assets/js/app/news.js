// What the reader is told while a page stands open: the count beside the bell, a toast for what is urgent, and
// whatever list is shown, anew. It is asked for every few seconds with the mark of the last answer, and answered
// with nothing as long as nothing changed.
import { toast } from "./toasts.js";

/** Seconds between two questions: while somebody is at it, while they only look, while they look elsewhere. */
const ACTIVE = 4;
const IDLE = 20;
const HIDDEN = 60;
/** Seconds after the last touch for which somebody is at it. */
const AT_IT = 120;
const MANY = 500;

let latest = null;
let mark = "";
let asking = false;
let touched = Date.now();
let timer;

function count(box, unread) {
  const number = box.querySelector("[data-news-count]");
  const words = unread > MANY ? `${MANY}+` : String(unread);
  if (number.textContent !== words) number.textContent = words;
  box.hidden = unread === 0;
}

async function ask(box) {
  if (asking || !box.isConnected) return;
  asking = true;
  clearTimeout(timer);
  try {
    const address = latest === null ? box.dataset.news : `${box.dataset.news}?after=${latest}`;
    // Marked, so that a page left open does not keep its reader signed in.
    const headers = { Accept: "application/json", "X-Background": "1" };
    if (mark) headers["If-None-Match"] = mark;
    const answer = await fetch(address, { headers, cache: "no-store" });
    // Signed out: there is nothing to be told here any more.
    if (answer.status === 401) return box.remove();
    if (!answer.ok) return;
    const news = await answer.json();
    const isNew = mark !== "";
    mark = answer.headers.get("ETag") ?? "";
    latest = news.latest;
    count(box, news.unread);
    news.urgent.forEach((one) => toast(one.text, "error", one.url));
    if (isNew) document.dispatchEvent(new CustomEvent("list:changed"));
  } catch {
    // No connection: the next time will do.
  } finally {
    asking = false;
    if (box.isConnected) timer = setTimeout(() => ask(box), pause());
  }
}

/** Milliseconds until the next question; a little apart, so that many pages do not ask at the same moment. */
function pause() {
  const seconds = document.hidden ? HIDDEN : Date.now() - touched < AT_IT * 1000 ? ACTIVE : IDLE;
  return seconds * (900 + Math.random() * 200);
}

export function startNews() {
  const box = document.querySelector("[data-news]");
  if (!box) return;
  const touch = () => {
    const wasIdle = Date.now() - touched >= AT_IT * 1000;
    touched = Date.now();
    if (wasIdle) ask(box);
  };
  for (const kind of ["pointermove", "pointerdown", "keydown", "scroll"]) addEventListener(kind, touch, { passive: true });
  document.addEventListener("visibilitychange", () => document.hidden || ask(box));
  ask(box);
}
