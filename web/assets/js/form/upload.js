// Files: checked for size, previewed, sent at once when the form has an address for them, else with the form.
import { csrfToken, say } from "../app/words.js";

const started = new WeakSet();
const kilobytes = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function line(list, file) {
  const item = document.createElement("li");
  item.className = "files__item";
  if (file.type.startsWith("image/")) {
    const image = document.createElement("img");
    image.className = "files__thumb";
    image.alt = "";
    // A data address: the content security policy allows no blob: images.
    const reader = new FileReader();
    reader.onload = () => (image.src = reader.result);
    reader.readAsDataURL(file);
    item.append(image);
  }
  const name = document.createElement("span");
  name.textContent = `${file.name} · ${kilobytes(file.size)}`;
  const note = document.createElement("span");
  note.className = "field__errors";
  note.setAttribute("role", "status");
  item.append(name, note);
  list.append(item);
  return { item, note };
}

// XMLHttpRequest, since fetch does not tell how far an upload is.
function send(url, input, file, shown) {
  const progress = document.createElement("progress");
  progress.max = 1;
  progress.value = 0;
  progress.setAttribute("aria-label", file.name);
  shown.item.append(progress);
  const body = new FormData();
  body.append("file", file);
  body.append("field", input.dataset.name);
  const request = new XMLHttpRequest();
  request.open("POST", url);
  request.setRequestHeader("X-CSRFToken", csrfToken());
  request.setRequestHeader("Accept", "application/json");
  request.upload.onprogress = (event) => (progress.value = event.loaded / event.total);
  request.onloadend = () => {
    progress.remove();
    let said = {};
    try {
      said = JSON.parse(request.responseText);
    } catch {
      // An answer that is no JSON, as from a proxy: said as a failure below.
    }
    if (request.status >= 200 && request.status < 300) {
      const hidden = document.createElement("input");
      hidden.type = "hidden";
      hidden.name = input.dataset.name;
      hidden.value = said.id;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "link";
      remove.textContent = say("remove");
      remove.addEventListener("click", () => {
        const form = hidden.form;
        shown.item.remove();
        form?.dispatchEvent(new Event("change", { bubbles: true }));
      });
      shown.item.append(hidden, remove);
      input.dispatchEvent(new Event("change", { bubbles: true }));
    } else {
      shown.note.textContent = said.message ?? say("upload_failed");
    }
  };
  request.send(body);
}

function take(box, input, list, files) {
  const most = Number(box.dataset.maxBytes || 10_485_760);
  if (!box.dataset.uploadUrl) list.replaceChildren();
  for (const file of files) {
    const shown = line(list, file);
    if (file.size > most) shown.note.textContent = say("too_large", { most: kilobytes(most) });
    else if (box.dataset.uploadUrl) send(box.dataset.uploadUrl, input, file, shown);
  }
}

function watch(box) {
  const input = box.querySelector('input[type="file"]');
  const list = box.querySelector("[data-upload-list]");
  if (!input || !list) return;
  input.dataset.name = input.name;
  input.addEventListener("change", () => {
    // Told by ourselves, after a file went: there is nothing new in it.
    if (!input.files.length) return;
    take(box, input, list, input.files);
    // What went at once must not go a second time with the form.
    if (box.dataset.uploadUrl) input.value = "";
  });
  box.addEventListener("dragover", (event) => {
    event.preventDefault();
    box.classList.add("upload--over");
  });
  box.addEventListener("dragleave", () => box.classList.remove("upload--over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("upload--over");
    if (!box.dataset.uploadUrl) input.files = event.dataTransfer.files;
    take(box, input, list, event.dataTransfer.files);
  });
}

export function startUploads(root) {
  for (const box of root.querySelectorAll("[data-upload]")) {
    if (!started.has(box)) watch(box);
    started.add(box);
  }
}
