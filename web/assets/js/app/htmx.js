// htmx, with the CSRF token on what changes something, and errors said as toasts.
import htmx from "htmx.org";
import { csrfToken, say } from "./words.js";
import { toast } from "./toasts.js";

window.htmx = htmx;

document.addEventListener("htmx:config:request", (event) => {
  const request = event.detail.ctx.request;
  if (request.method !== "GET") request.headers["X-CSRFToken"] = csrfToken();
});
// A session that has ended is said once; the page stays, with what is typed on it.
let told = false;
document.addEventListener("htmx:before:response", (event) => {
  if (event.detail.ctx.response.status !== 401) return;
  event.preventDefault();
  if (!told) toast(say("signed_out"), "error");
  told = true;
});
document.addEventListener("htmx:error", (event) => {
  // A refresh in the background fails silently; what a person asked for does not.
  if (!event.detail.ctx?.sourceElement?.closest?.("[data-refresh]")) toast(say("offline"), "error");
});
