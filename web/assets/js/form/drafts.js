// What is typed is kept by the server, a moment after typing and on leaving a field; the form says so.
import { csrfToken, say } from "../app/words.js";

const PAUSE = 1200;
const RETRY = 15_000;

class Draft {
  constructor(form) {
    this.form = form;
    this.note = form.querySelector("[data-saved]");
    this.unsaved = false;
    form.addEventListener("input", () => this.later(PAUSE));
    form.addEventListener("change", () => this.later(PAUSE));
    form.addEventListener("focusout", () => this.unsaved && this.later(150));
    // Whoever says so may want to know when it is done.
    form.addEventListener("draft:save", (event) => {
      const saving = this.unsaved && this.save();
      if (saving) event.detail?.push(saving);
    });
    form.addEventListener("submit", () => {
      clearTimeout(this.timer);
      // What is under way would come after the form itself.
      this.sending?.abort();
      this.unsaved = false;
    });
    window.addEventListener("online", () => this.unsaved && this.save());
    window.addEventListener("beforeunload", (event) => this.unsaved && form.isConnected && event.preventDefault());
    // Leaving by a link: the last words travel with the page's end.
    document.addEventListener("visibilitychange", () => document.hidden && this.unsaved && this.save(true));
  }

  later(pause) {
    this.unsaved = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), pause);
  }

  body() {
    const typed = new URLSearchParams();
    for (const [name, value] of new FormData(this.form)) {
      if (typeof value === "string" && name !== "csrf_token") typed.append(name, value);
    }
    return typed;
  }

  async save(keepalive = false) {
    clearTimeout(this.timer);
    if (this.form.dataset.sent) return;
    const body = this.body();
    this.sending = new AbortController();
    try {
      const answer = await fetch(this.form.dataset.draft, {
        method: "POST",
        body,
        keepalive,
        signal: this.sending.signal,
        headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
      });
      const said = await answer.json().catch(() => ({}));
      if (!answer.ok) return this.failed(said.message);
      // Only if nothing was typed while the answer was on its way.
      this.unsaved = this.body().toString() !== body.toString();
      this.say(say("saved_at", { time: said.saved_at ?? "" }));
    } catch (error) {
      if (error.name === "AbortError") return;
      this.say(say("offline_draft"), true);
      this.timer = setTimeout(() => this.save(), RETRY);
    }
  }

  failed(message) {
    this.say(message ?? say("draft_failed"), true);
  }

  say(text, offline = false) {
    if (!this.note) return;
    this.note.textContent = text;
    this.note.classList.toggle("form__saved--offline", offline);
  }
}

const started = new WeakSet();

export function startDrafts(root) {
  for (const form of root.querySelectorAll("form[data-draft]")) {
    if (!started.has(form)) new Draft(form);
    started.add(form);
  }
}
