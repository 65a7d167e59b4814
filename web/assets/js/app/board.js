// A card that is dragged to another column goes to that person. Without a mouse each card has "move to".
import { csrfToken } from "./words.js";

function send(board, task, to) {
  const form = document.createElement("form");
  Object.assign(form, { method: "post", action: board.dataset.board, hidden: true });
  const filters = new URLSearchParams(location.search);
  const values = { csrf_token: csrfToken(), task, to, procedure: filters.get("procedure") ?? "", site: filters.get("site") ?? "" };
  for (const [name, value] of Object.entries(values)) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  document.body.append(form);
  form.requestSubmit();
}

export function startBoard() {
  const board = document.querySelector("[data-board]");
  if (!board) return;
  const column = (event) => event.target.closest?.("[data-column]");
  const dragged = () => board.querySelector("[data-dragging]");
  const clear = () => board.querySelectorAll("[data-over]").forEach((each) => delete each.dataset.over);
  board.addEventListener("dragstart", (event) => {
    const card = event.target.closest("[data-card]");
    if (!card) return;
    card.dataset.dragging = "1";
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.dataset.card);
  });
  board.addEventListener("dragend", () => {
    clear();
    if (dragged()) delete dragged().dataset.dragging;
  });
  board.addEventListener("dragover", (event) => {
    const over = column(event);
    if (!over || !dragged() || over.contains(dragged())) return;
    event.preventDefault();
    clear();
    over.dataset.over = "1";
  });
  board.addEventListener("drop", (event) => {
    const over = column(event);
    const card = dragged();
    if (!over || !card || over.contains(card)) return;
    event.preventDefault();
    send(board, card.dataset.card, over.dataset.column);
  });
}
