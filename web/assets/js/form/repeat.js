// Rows that repeat are added and taken away in place; without a script the same buttons ask the server.
function renumber(box) {
  const key = box.dataset.repeat;
  const attributes = ["name", "id", "for", "aria-describedby", "aria-controls", "value"];
  box.querySelectorAll("[data-repeat-row]").forEach((row, index) => {
    for (const element of row.querySelectorAll("*")) {
      for (const attribute of attributes) {
        const old = element.getAttribute(attribute);
        // A person's own text is never touched: only the buttons' values carry an index.
        if (!old || (attribute === "value" && !element.matches("[data-repeat-remove], [data-lookup-ask]"))) continue;
        const escaped = key.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
        element.setAttribute(attribute, old.replace(new RegExp(`(^|[^\\w])${escaped}([.-])(?:\\d+|__index__)(?=$|[^\\w])`, "g"), `$1${key}$2${index}`));
      }
    }
  });
}

function changed(box) {
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

export function startRepeat() {
  document.addEventListener("click", (event) => {
    const add = event.target.closest("[data-repeat-add]");
    const remove = event.target.closest("[data-repeat-remove]");
    const box = (add ?? remove)?.closest("[data-repeat]");
    if (!box) return;
    event.preventDefault();
    if (add) {
      const template = box.querySelector("template[data-repeat-template]");
      const row = template.content.cloneNode(true);
      const rows = box.querySelectorAll("[data-repeat-row]");
      (rows.length ? rows[rows.length - 1] : template).after(row);
      renumber(box);
      const added = box.querySelectorAll("[data-repeat-row]");
      added[added.length - 1]?.querySelector("input, select, textarea")?.focus();
    } else {
      const row = remove.closest("[data-repeat-row]");
      const near = row.previousElementSibling?.querySelector?.("input, select, textarea") ?? box.querySelector("[data-repeat-add]");
      row.remove();
      renumber(box);
      near?.focus();
    }
    changed(box);
  });
}
