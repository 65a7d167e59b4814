// Ctrl-K: one search over cases, tasks, people and procedures.
export function startPalette() {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const input = document.getElementById("palette-text");
  const results = document.getElementById("palette-results");
  const options = () => [...results.querySelectorAll('[role="option"]')];

  const open = (text = "") => {
    if (dialog.open) return;
    dialog.showModal();
    input.value = text;
    input.focus();
    if (text) input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const select = (option) => {
    options().forEach((each, index) => {
      each.id ||= `palette-option-${index}`;
      each.setAttribute("aria-selected", String(each === option));
    });
    input.setAttribute("aria-activedescendant", option?.id ?? "");
    option?.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  document.querySelector("[data-open-palette]")?.addEventListener("keydown", (event) => {
    // The field in the top bar opens the palette at the first letter; without a script it is a form.
    if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing) {
      event.preventDefault();
      open(event.key);
    }
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const all = options();
    const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = event.key === "ArrowDown" ? at + 1 : at - 1;
      select(all[(next + all.length) % all.length]);
    }
    if (event.key === "Enter") {
      event.preventDefault();
      (all[at] ?? all[0])?.click();
    }
  });
  document.addEventListener("htmx:after:swap", () => {
    if (dialog.open && !results.querySelector('[aria-selected="true"]')) select(options()[0]);
  });
}
