// A button that copies; where a browser does not allow it, what stands beside it is selected instead.
import { say } from "./words.js";

export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.dataset.copied = "";
      button.setAttribute("aria-label", say("copied"));
    } catch {
      button.parentElement.querySelector("input")?.select();
    }
  });
}
