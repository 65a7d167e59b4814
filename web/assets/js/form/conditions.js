// Which fields are asked depends on the answers; the server decides, the answer is morphed in.
import { csrfToken } from "../app/words.js";

// app.js brought htmx along; a second copy would answer every click twice.
const { htmx } = window;

const PAUSE = 250;
const started = new WeakSet();
/** form → what ends the question that is on its way */
const asking = new WeakMap();

function watch(form) {
  let timer;
  const fields = form.querySelector("#form-fields");
  if (!fields) return;
  form.addEventListener("change", (event) => {
    // Files cannot be part of the question, and a row's own buttons ask by themselves.
    if (event.target.type === "file") return;
    clearTimeout(timer);
    timer = setTimeout(() => ask(form, fields), PAUSE);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    // Its answer would come for a task that is done.
    asking.get(form)?.abort();
  });
}

function typedInto(form) {
  const typed = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") typed.append(name, value);
  return typed;
}

/** Wait until no file of a form is on its way: its line would be gone with the fields around it. */
export async function uploadsDone(form) {
  while (form.querySelector("[data-upload-list] progress")) await new Promise((done) => setTimeout(done, PAUSE));
}

async function ask(form, fields) {
  await uploadsDone(form);
  const typed = typedInto(form);
  const question = new AbortController();
  asking.set(form, question);
  try {
    // Not through htmx: it would first want every required field filled.
    const answer = await fetch(form.dataset.conditions, {
      method: "POST",
      body: typed,
      signal: question.signal,
      headers: { "X-CSRFToken": csrfToken(), "HX-Request": "true" },
    });
    const text = answer.ok ? await answer.text() : "";
    await uploadsDone(form);
    // What was typed, or a row that was added, while the answer was on its way must not be lost to it.
    if (text && typedInto(form).toString() !== typed.toString()) return ask(form, fields);
    if (text) await htmx.swap({ sourceElement: fields, target: fields, swap: "innerMorph", text });
    fields.dispatchEvent(new Event("fields-asked-anew", { bubbles: true }));
  } catch {
    // Without a network the form stays as it is; the server asks for what is missing on completing.
  }
}

export function startConditions(root) {
  for (const form of root.querySelectorAll("form[data-conditions]")) {
    if (!started.has(form)) watch(form);
    started.add(form);
  }
}
