// Dialogs, menus, and the question before what cannot be undone.
export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open)?.showModal();
    const dialog = event.target.closest("dialog");
    if (dialog && (event.target.closest("[data-close]") || (event.target === dialog && !dialog.hasAttribute("data-typed")))) dialog.close();
    if (event.target.closest("[data-print]")) window.print();
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement?.closest("details[data-menu][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

/** Ask; the promise gives true when the person says yes. */
export function ask(text, verb) {
  const dialog = document.getElementById("confirm");
  if (!dialog) return Promise.resolve(window.confirm(text));
  const yes = dialog.querySelector("[data-confirm-yes]");
  dialog.querySelector("[data-confirm-title]").textContent = verb;
  dialog.querySelector("[data-confirm-text]").textContent = text;
  yes.textContent = verb;
  dialog.returnValue = "";
  return new Promise((resolve) => {
    yes.onclick = () => dialog.close("yes");
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
}
