// Words like "剩 40 分" go on while the page stands. Only clocks whose time runs now tick; the server says which.
import { say } from "./words.js";

const MINUTE = 60_000;

function words(due) {
  const left = due - Date.now();
  const minutes = Math.floor(Math.abs(left) / MINUTE);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  const span = hours >= 24
    ? say("span_days", { d: Math.floor(hours / 24), h: hours % 24 })
    : hours ? say("span_hours", { h: hours, m: rest }) : say("span_minutes", { m: rest });
  return left < 0 ? say("late_by", { span }) : say("time_left", { span });
}

function tick() {
  for (const clock of document.querySelectorAll("[data-due]")) {
    const due = Date.parse(clock.dataset.due);
    const text = clock.querySelector("[data-clock-words]");
    if (text && !Number.isNaN(due)) text.textContent = words(due);
    if (due < Date.now() && clock.classList.contains("clock")) {
      clock.classList.remove("clock--amber", "clock--green");
      clock.classList.add("clock--red");
      const shape = clock.querySelector("use");
      shape?.setAttribute("href", shape.getAttribute("href").replace(/#.*/, "#shape-red"));
    }
  }
}

export function startClocks() {
  setInterval(tick, 20_000);
  document.addEventListener("visibilitychange", () => document.hidden || tick());
}
