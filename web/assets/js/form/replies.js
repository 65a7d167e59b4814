// 常用语: a menu under each field of several lines, and "/" with some letters of a text's name.
import { csrfToken, say } from "../app/words.js";

const menus = new WeakMap();
const BEFORE = /(?:^|\s)\/(\S{0,40})$/;
let number = 0;

async function load(form) {
  form.replies ??= fetch(form.dataset.replies, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : []))
    .catch(() => []);
  return form.replies;
}

function insert(field, text, from) {
  const at = from ?? field.selectionStart;
  field.setRangeText(text, at, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

function used(form, reply) {
  fetch(form.dataset.repliesUsed.replace("/0/", `/${reply.id}/`), { method: "POST", headers: { "X-CSRFToken": csrfToken() } }).catch(() => {});
}

class Menu {
  constructor(form, field) {
    Object.assign(this, { form, field, from: null });
    this.box = document.createElement("div");
    this.box.className = "replies";
    this.box.setAttribute("hx-morph-skip", "");
    this.button = document.createElement("button");
    Object.assign(this.button, { type: "button", className: "link replies__button", textContent: say("replies") });
    this.list = document.createElement("ul");
    Object.assign(this.list, { className: "replies__list", hidden: true, id: `replies-${++number}` });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", say("replies"));
    this.button.setAttribute("aria-expanded", "false");
    this.button.setAttribute("aria-controls", this.list.id);
    this.box.append(this.button, this.list);
    field.after(this.box);
    this.button.addEventListener("click", () => (this.list.hidden ? this.open("") : this.close()));
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.take(option);
    });
    field.addEventListener("input", () => this.typed());
    field.addEventListener("keydown", (event) => this.key(event));
    this.button.addEventListener("keydown", (event) => this.key(event));
    field.addEventListener("blur", () => this.from !== null && this.close());
  }

  async open(said, from = null) {
    const found = (await load(this.form)).filter((one) => one.title.toLowerCase().includes(said.toLowerCase()));
    if (from !== null && !found.length) return this.close();
    this.from = from;
    this.list.replaceChildren(...found.map((one, index) => this.option(one, index)));
    if (!found.length) this.list.append(this.empty());
    this.list.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.select(0);
  }

  option(one, index) {
    const item = document.createElement("li");
    item.setAttribute("role", "option");
    Object.assign(item, { id: `${this.list.id}-${index}`, className: "replies__one", reply: one });
    const name = document.createElement("strong");
    name.textContent = one.title;
    item.append(name, ` ${one.text}`);
    return item;
  }

  empty() {
    const item = document.createElement("li");
    item.className = "replies__none";
    const way = document.createElement("a");
    Object.assign(way, { href: this.form.dataset.repliesPage, textContent: say("edit_replies"), target: "_blank" });
    item.append(`${say("no_replies")} · `, way);
    return item;
  }

  get options() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  select(index) {
    const all = this.options;
    all.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (all[index]) this.field.setAttribute("aria-activedescendant", all[index].id);
    all[index]?.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.from = null;
    this.list.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  take(option) {
    insert(this.field, option.reply.text, this.from);
    used(this.form, option.reply);
    this.close();
  }

  typed() {
    const before = this.field.value.slice(0, this.field.selectionStart);
    const match = BEFORE.exec(before);
    if (match) this.open(match[1], before.length - match[1].length - 1);
    else if (this.from !== null) this.close();
  }

  key(event) {
    if (this.list.hidden || event.isComposing) return;
    const all = this.options;
    const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.select((at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length);
    } else if ((event.key === "Enter" || (event.key === "Tab" && this.from !== null)) && all[at]) {
      event.preventDefault();
      this.take(all[at]);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
      this.field.focus();
    }
  }
}

export function startReplies(root) {
  for (const form of root.querySelectorAll("form[data-replies]")) {
    for (const field of form.querySelectorAll("textarea")) {
      if (!menus.has(field)) menus.set(field, new Menu(form, field));
      // A morph takes away what the server did not send.
      else if (!menus.get(field).box.isConnected) field.after(menus.get(field).box);
    }
  }
}
