// From 1,200 px a task opens beside its list; below, and without a script, the link is followed.
import htmx from "htmx.org";

const wide = matchMedia("(min-width: 1200px)");

export function startPanel() {
  document.addEventListener("click", (event) => {
    const anchor = event.target.closest("a[data-panel-link]");
    const panel = document.getElementById("panel");
    if (!anchor || !panel || !wide.matches || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    // Something half-typed in the panel is kept as a draft before another task takes its place.
    panel.querySelector("form[data-draft]")?.dispatchEvent(new CustomEvent("draft:save"));
    document.querySelectorAll("[data-row][aria-current]").forEach((row) => row.removeAttribute("aria-current"));
    anchor.closest("[data-row]")?.setAttribute("aria-current", "true");
    panel.closest(".split")?.classList.add("split--open");
    htmx.ajax("GET", anchor.href, { target: panel, swap: "innerHTML" });
  });
}
