// A verb opens as a dialog over the page it was chosen on: the form of its own page, fetched, shown, sent.
// Without a script, and for whatever goes wrong, its link is followed.
import htmx from "htmx.org";
import { toast } from "./toasts.js";
import { say } from "./words.js";

const parse = (text) => new DOMParser().parseFromString(text, "text/html");
const hasForm = (root) => Boolean(root.querySelector("form[data-draft]"));

let dialog, opener;
/** The page whose form the dialog holds. */
let address = "";
let busy = false;

async function fill(found) {
  const body = dialog.querySelector("[data-verb-body]");
  dialog.querySelector("h2").textContent = found.dataset.verbPage;
  await htmx.swap({ sourceElement: body, target: body, swap: "innerHTML", text: found.innerHTML });
}

/** The first wrong field, or the first; with a finger only what is wrong: a keyboard would cover the sheet. */
function focusFirst() {
  const fields = "input:not([type=hidden]), textarea, select";
  const body = dialog.querySelector("[data-verb-body]");
  const first = matchMedia("(pointer: coarse)").matches ? null : (body.querySelector(fields) ?? body.querySelector("button, a"));
  (body.querySelector(`.field--wrong :is(${fields})`) ?? first)?.focus();
}

async function open(link) {
  if (busy) return;
  busy = true;
  link.setAttribute("aria-busy", "true");
  try {
    // What was typed and left with Escape is still there.
    if (address !== link.href || !dialog.hasAttribute("data-typed")) {
      const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
      const found = parse(await answer.text()).querySelector("[data-verb-page]");
      if (!found) return location.assign(link.href);
      await fill(found);
      address = link.href;
      dialog.removeAttribute("data-typed");
    }
    opener = link;
    link.closest("[data-menu]")?.removeAttribute("open");
    dialog.showModal();
    history.pushState({ verb: true }, "");
    focusFirst();
  } catch {
    toast(say("offline"), "error");
  } finally {
    busy = false;
    link.removeAttribute("aria-busy");
  }
}

/** What is half typed behind the dialog is kept before the task goes to somebody else. */
function keepDrafts() {
  const saving = [];
  document.querySelectorAll("form[data-draft]").forEach((form) => form.dispatchEvent(new CustomEvent("draft:save", { detail: saving })));
  return Promise.all(saving);
}

function refuse(text) {
  const body = dialog.querySelector("[data-verb-body]");
  const said = body.querySelector("[data-refused]") ?? document.createElement("p");
  said.className = "notice notice--error";
  said.dataset.refused = "";
  said.setAttribute("role", "alert");
  said.textContent = text;
  body.prepend(said);
}

async function send(form, submitter) {
  if (busy) return;
  busy = true;
  submitter?.setAttribute("aria-busy", "true");
  const body = new FormData(form);
  if (submitter?.name) body.append(submitter.name, submitter.value);
  try {
    await keepDrafts();
    const headers = { Accept: "text/html", "X-In-Place": "1" };
    const answer = await fetch(form.getAttribute("action") || address, { method: "POST", body, headers });
    const to = answer.headers.get("X-Location");
    if (to) return await follow(new URL(to, location.href));
    const page = parse(await answer.text());
    const again = page.querySelector("[data-verb-page]");
    if (again) await fill(again);
    else refuse(page.querySelector("[data-said]")?.textContent ?? say("offline"));
    if (again) focusFirst();
  } catch {
    refuse(say("offline"));
  } finally {
    busy = false;
    submitter?.removeAttribute("aria-busy");
  }
}

async function follow(to) {
  dialog.removeAttribute("data-typed");
  address = "";
  const panel = opener.closest("#panel");
  const root = panel ?? document.getElementById("main");
  const here = root.querySelector("[data-renew]")?.dataset.renew ?? location.pathname + location.search;
  if (opener.dataset.verb === "stay" || to.pathname === here.split("?")[0]) {
    dialog.close();
    await renew(root, here, panel);
  } else if (panel && to.pathname === location.pathname) {
    dialog.close();
    panel.closest(".split")?.classList.remove("split--open");
    panel.replaceChildren();
    document.dispatchEvent(new CustomEvent("list:changed"));
  } else location.replace(to);
}

/** Show what became of the page; the form on it, and what is typed into it, stay as they are. */
async function renew(root, address, panel) {
  const answer = await fetch(address, { headers: panel ? { "HX-Request": "true" } : { Accept: "text/html" } });
  const page = parse(await answer.text());
  const fresh = panel ? page.body : page.getElementById("main");
  if (!answer.ok || !fresh) return location.reload();
  if (hasForm(root) !== hasForm(fresh)) {
    await htmx.swap({ sourceElement: root, target: root, swap: "innerHTML", text: fresh.innerHTML });
  } else {
    document.getElementById("toasts")?.append(...fresh.querySelectorAll("#toasts .toast"));
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const old = root.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!old) continue;
      const typed = [...old.querySelectorAll("textarea[id]")].map((field) => [field.id, field.value]);
      await htmx.swap({ sourceElement: old, target: old, swap: "innerMorph", text: part.innerHTML });
      typed.forEach(([id, text]) => document.getElementById(id) && (document.getElementById(id).value = text));
    }
  }
  if (document.activeElement === document.body) root.querySelector("[data-menu] summary")?.focus();
  // A list beside the task shows its row as it is now.
  if (panel) document.dispatchEvent(new CustomEvent("list:changed"));
}

export function startVerbs() {
  dialog = document.getElementById("verb");
  if (!dialog) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-verb]");
    if (event.target.closest("#verb a[data-close]")) event.preventDefault();
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });
  dialog.addEventListener("input", () => dialog.setAttribute("data-typed", ""));
  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.target, event.submitter);
  });
  // The browser's back closes it, and closing it takes back the step that opening it was.
  dialog.addEventListener("close", () => {
    if (history.state?.verb) history.back();
    (opener?.closest("[data-menu]")?.querySelector("summary") ?? opener)?.focus();
  });
  window.addEventListener("popstate", () => dialog.open && dialog.close());
}
