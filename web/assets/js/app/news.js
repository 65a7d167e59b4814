// What the reader is told while a page stands open: the count beside the bell, and a toast for what is urgent.
import { toast } from "./toasts.js";

const EVERY = 30_000;
const MANY = 500;

let latest = null;
let asking = false;

function count(box, unread) {
  const number = box.querySelector("[data-news-count]");
  const words = unread > MANY ? `${MANY}+` : String(unread);
  if (number.textContent !== words) number.textContent = words;
  box.hidden = unread === 0;
}

async function ask(box) {
  if (document.hidden || asking || !box.isConnected) return;
  asking = true;
  try {
    const address = latest === null ? box.dataset.news : `${box.dataset.news}?after=${latest}`;
    // Marked, so that a page left open does not keep its reader signed in.
    const answer = await fetch(address, { headers: { Accept: "application/json", "X-Background": "1" } });
    if (!answer.ok) return;
    const news = await answer.json();
    const isNew = latest !== null && news.latest > latest;
    latest = news.latest;
    count(box, news.unread);
    news.urgent.forEach((one) => toast(one.text, "error", one.url));
    if (isNew) document.dispatchEvent(new CustomEvent("list:changed"));
  } catch {
    // No connection: the next time will do.
  } finally {
    asking = false;
  }
}

export function startNews() {
  const box = document.querySelector("[data-news]");
  if (!box) return;
  ask(box);
  setInterval(() => ask(box), EVERY);
  document.addEventListener("visibilitychange", () => ask(box));
}
