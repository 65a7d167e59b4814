// A scanner types a number and a line end: the line end goes on to the next field, and sends nothing.
const FIELDS = "input:not([type=hidden], [type=file], .sr), select, textarea, .button--main";

export function startScans() {
  document.addEventListener("keydown", (event) => {
    const input = event.target.closest?.("[data-scan]");
    if (!input || event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const fields = [...input.form.querySelectorAll(FIELDS)].filter((field) => field.offsetParent);
    // What is filled in already is passed over; at the end stands the button.
    const next = fields.slice(fields.indexOf(input) + 1).find((field) => field.tagName === "BUTTON" || (field.getAttribute("aria-required") === "true" && !field.value));
    next?.focus();
  });
}
