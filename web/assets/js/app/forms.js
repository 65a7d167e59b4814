// Every form: asked before what cannot be undone, sent once, filters that send themselves.
import { ask } from "./dialogs.js";

const isPost = (form) => form.method === "post";

function guardDouble(form, submitter) {
  if (form.dataset.sent) return false;
  if (form.hasAttribute("data-many")) return true;
  form.dataset.sent = "1";
  // After the submit: a disabled button would not be part of what is sent.
  setTimeout(() => form.querySelectorAll("button:not([type=button])").forEach((button) => button.setAttribute("aria-disabled", "true")));
  submitter?.setAttribute("aria-busy", "true");
  return true;
}

/** Let a form be sent again, as after coming back to the page. */
export function release(form) {
  delete form.dataset.sent;
  form.querySelectorAll("[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
  form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
}

export function startForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !isPost(form) || form.hasAttribute("data-theme-switch")) return;
    if (form.dataset.confirm && !form.dataset.confirmed) {
      event.preventDefault();
      const submitter = event.submitter;
      ask(form.dataset.confirm, form.dataset.confirmAction || submitter?.textContent.trim() || "").then((yes) => {
        if (!yes) return;
        form.dataset.confirmed = "1";
        form.requestSubmit(submitter);
      });
      return;
    }
    if (!guardDouble(form, event.submitter)) event.preventDefault();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) event.target.form?.requestSubmit();
  });
  // A page that comes back from the browser's memory must be usable again.
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));
  document.addEventListener("htmx:finally:request", (event) => {
    const form = event.target.closest?.("form[data-sent]");
    if (form) release(form);
  });
  // The first wrong field has the focus.
  document.querySelector(".field--wrong :is(input, select, textarea)")?.focus();
}
