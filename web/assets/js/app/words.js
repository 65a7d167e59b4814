// Words of the reader's language, written by the server into <script type="application/json" id="words">.
const block = document.getElementById("words");
const words = block ? JSON.parse(block.textContent) : {};

/** The sentence of a key with its {parameters} filled in. */
export function say(key, parameters = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => parameters[name] ?? whole);
}

/** The CSRF token of this page. */
export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}
