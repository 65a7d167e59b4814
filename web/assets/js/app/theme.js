// Light and dark change in place; the server remembers.
import { csrfToken } from "./words.js";

const dark = () => matchMedia("(prefers-color-scheme: dark)").matches;

export function startTheme() {
  const form = document.querySelector("form[data-theme-switch]");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const root = document.documentElement;
    const now = root.dataset.theme === "system" ? (dark() ? "dark" : "light") : root.dataset.theme;
    const theme = now === "dark" ? "light" : "dark";
    root.dataset.theme = theme;
    const body = new URLSearchParams({ theme });
    fetch(form.action, { method: "POST", body, headers: { "X-CSRFToken": csrfToken() }, redirect: "manual" }).catch(() => {});
  });
}
