// A row of a master is found while one types, and chosen with the keyboard; without a script the same
// buttons ask the server.
import { csrfToken } from "../app/words.js";
import { uploadsDone } from "./conditions.js";

const { htmx } = window;
const PAUSE = 120;
const timers = new WeakMap();

const boxOf = (element) => element.closest?.("[data-lookup]");
const rowsOf = (box) => [...box.querySelectorAll("[data-lookup-found] [data-lookup-choose]")];

async function find(box) {
  const text = box.querySelector("[data-lookup-text]")?.value.trim() ?? "";
  const place = box.querySelector("[data-lookup-found]");
  if (!place) return;
  try {
    // In a row that repeats, the field's own name says which one.
    const { name } = box.querySelector("[data-lookup-text]");
    const answer = await fetch(`${box.dataset.lookup}?${new URLSearchParams({ q: text, name })}`, {
      headers: { "HX-Request": "true" },
    });
    // Only if nothing was typed while the answer was on its way.
    if (answer.ok && box.querySelector("[data-lookup-text]")?.value.trim() === text) place.innerHTML = await answer.text();
  } catch {
    // Without a network the button asks the server once there is one again.
  }
}

async function choose(button) {
  const form = button.closest("form");
  const fields = form?.querySelector("#form-fields");
  if (!fields) return;
  await uploadsDone(form);
  const name = boxOf(button)?.dataset.lookupField;
  const inRow = boxOf(button)?.querySelector("[data-lookup-text]")?.name;
  const typed = new URLSearchParams();
  for (const [key, value] of new FormData(form)) if (typeof value === "string") typed.append(key, value);
  typed.append("_choose", button.value);
  const answer = await fetch(form.dataset.conditions, {
    method: "POST",
    body: typed,
    headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" },
  });
  if (!answer.ok) return;
  await htmx.swap({ sourceElement: fields, target: fields, swap: "innerMorph", text: await answer.text() });
  // What was typed into keeps its text through a morph; the row that was chosen says otherwise.
  for (const input of fields.querySelectorAll("input[type=search], input[type=text], input[type=tel], input[type=email]"))
    input.value = input.getAttribute("value") ?? "";
  showMasters(form);
  const same = [...form.querySelectorAll(`[data-lookup-field="${CSS.escape(name ?? "")}"]`)];
  const box = same.find((one) => one.querySelector("[data-lookup-text]")?.name === inRow) ?? same[0];
  const own = box?.querySelector("[data-lookup-text]");
  // What was taken back is looked up again; otherwise on to what is still empty.
  (own && !own.value ? own : after(form, box))?.focus();
  box?.dispatchEvent(new Event("change", { bubbles: true }));
}

/** What can be typed into next after a box: the first empty one. */
function after(form, box) {
  const inputs = [...form.querySelectorAll("input:not([type=hidden], .sr), select, textarea")];
  return inputs.find(
    (input) => box && box.compareDocumentPosition(input) & Node.DOCUMENT_POSITION_FOLLOWING && !box.contains(input) && !input.value,
  );
}

/** The cards beside the form come along with its fields. */
export function showMasters(form) {
  const brought = form.querySelector("template[data-masters]");
  const place = document.getElementById("masters");
  if (brought && place) place.replaceChildren(brought.content.cloneNode(true));
}

/** The row on top for what is typed; where there is none, on to the next field. */
async function take(box) {
  clearTimeout(timers.get(box));
  const input = box.querySelector("[data-lookup-text]");
  if (input.value.trim()) await find(box);
  const [top] = rowsOf(box);
  if (top) choose(top);
  else after(input.form, box)?.focus();
}

function move(event, box) {
  const rows = rowsOf(box);
  const at = rows.indexOf(document.activeElement);
  const step = event.key === "ArrowDown" ? 1 : -1;
  if (!rows.length) return;
  event.preventDefault();
  const to = at + step;
  if (to < 0) box.querySelector("[data-lookup-text]")?.focus();
  else rows[Math.min(to, rows.length - 1)].focus();
}

export function startLookups() {
  document.addEventListener("input", (event) => {
    const box = event.target.matches?.("[data-lookup-text]") && boxOf(event.target);
    if (!box) return;
    clearTimeout(timers.get(box));
    timers.set(box, setTimeout(() => find(box), PAUSE));
  });
  // Fields that were asked for before come without what was found meanwhile.
  document.addEventListener("fields-asked-anew", () => {
    const input = document.activeElement;
    const box = input?.matches?.("[data-lookup-text]") && boxOf(input);
    if (box && input.value.trim() && !rowsOf(box).length) find(box);
  });
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-lookup-choose]");
    const asked = event.target.closest("[data-lookup-ask]");
    if (!chosen && !asked) return;
    event.preventDefault();
    if (chosen) choose(chosen);
    else find(boxOf(asked));
  });
  document.addEventListener("keydown", (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event, box);
    // Enter takes the row on top rather than sending a form that is half filled in.
    if (event.key === "Enter" && event.target.matches("[data-lookup-text]") && !event.isComposing) {
      event.preventDefault();
      take(box);
    }
  });
}
