// A live diagram: what is done and active, timers that count down, names in the reader's language.
// It reads {"xml", "done", "active", "overlays", "names", "links"} from the JSON block its figure names.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { say } from "./app/words.js";

const STEP = 60;
const MINUTE = 60_000;
const READABLE = 0.7;

function countdown(due) {
  const left = Date.parse(due) - Date.now();
  const minutes = Math.floor(Math.abs(left) / MINUTE);
  const hours = Math.floor(minutes / 60);
  const span = hours >= 24
    ? say("span_days", { d: Math.floor(hours / 24), h: hours % 24 })
    : hours ? say("span_hours", { h: hours, m: minutes % 60 }) : say("span_minutes", { m: minutes });
  return left < 0 ? say("late_by", { span }) : say("in_time", { span });
}

function note({ text, light, due }) {
  const box = document.createElement("div");
  box.className = `diagram__note diagram__note--${light || "none"}`;
  const show = () => (box.textContent = [text, due && countdown(due)].filter(Boolean).join(" "));
  show();
  if (due) setInterval(show, 20_000);
  return box;
}

// The names are changed in the model before it is drawn: labels are then placed for the text they have.
function translate(definitions, names, seen = new Set()) {
  if (!definitions || typeof definitions !== "object" || seen.has(definitions)) return;
  seen.add(definitions);
  for (const key of ["name", "text"]) {
    if (typeof definitions[key] === "string" && names[definitions[key]]) definitions[key] = names[definitions[key]];
  }
  for (const key of ["rootElements", "flowElements", "artifacts", "participants", "laneSets", "lanes", "childLaneSet"]) {
    const inner = definitions[key];
    (Array.isArray(inner) ? inner : [inner]).forEach((each) => translate(each, names, seen));
  }
}

function fit(viewer) {
  const canvas = viewer.get("canvas");
  canvas.resized();
  // Folded away, as on a phone, it has no size to fit to.
  const { width, height } = canvas.getSize();
  if (!width || !height) return;
  canvas.zoom("fit-viewport", "auto");
  // A small diagram is not blown up.
  if (canvas.zoom() > 1.2) canvas.zoom(1.2, "auto");
}

// A large procedure fitted whole cannot be read: begin where the case is, and leave the whole to the button.
function begin(viewer, data) {
  fit(viewer);
  const canvas = viewer.get("canvas");
  const here = (data.active ?? []).map((id) => viewer.get("elementRegistry").get(id)).find(Boolean);
  if (!here || canvas.zoom() > READABLE || !canvas.getSize().width) return;
  canvas.zoom(READABLE, { x: here.x + here.width / 2, y: here.y + here.height / 2 });
  const { width, height } = canvas.viewbox();
  canvas.viewbox({ x: here.x + here.width / 2 - width / 2, y: here.y + here.height / 2 - height / 2, width, height });
}

function keys(event, viewer) {
  const canvas = viewer.get("canvas");
  const scroll = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[event.key];
  if (scroll) canvas.scroll({ dx: scroll[0], dy: scroll[1] });
  else if (event.key === "+" || event.key === "=") viewer.get("zoomScroll").stepZoom(1);
  else if (event.key === "-") viewer.get("zoomScroll").stepZoom(-1);
  else if (event.key === "0") fit(viewer);
  else return;
  event.preventDefault();
}

function mark(viewer, data) {
  const registry = viewer.get("elementRegistry");
  const canvas = viewer.get("canvas");
  const add = (ids, marker) => (ids ?? []).filter((id) => registry.get(id)).forEach((id) => canvas.addMarker(id, marker));
  add(data.done, "is-done");
  add(data.active, "is-active");
  add(Object.keys(data.links ?? {}), "is-linked");
  for (const overlay of data.overlays ?? []) {
    const element = registry.get(overlay.node);
    if (!element) continue;
    const html = note(overlay);
    // A timer sits on its task's lower edge: its note is smaller, so that the task's name stays readable.
    if (element.host) html.classList.add("diagram__note--small");
    const top = element.host ? -15 : -24;
    viewer.get("overlays").add(overlay.node, { position: { top, left: element.width / 2 }, html });
  }
  viewer.on("element.click", ({ element }) => {
    const link = (data.links ?? {})[element.id];
    if (link) location.assign(link);
  });
}

async function draw(figure) {
  const data = JSON.parse(document.getElementById(figure.dataset.diagram).textContent);
  const container = figure.querySelector(".diagram__canvas");
  // The wheel scrolls the page; only with Ctrl it zooms.
  const viewer = new NavigatedViewer({ container, zoomScroll: { enabled: false } });
  const names = data.names;
  if (names) viewer.on("import.parse.complete", ({ definitions }) => translate(definitions, names));
  await viewer.importXML(data.xml);
  mark(viewer, data);
  begin(viewer, data);
  // Until somebody moves it, it follows the size of its place.
  let moved = false;
  new ResizeObserver(() => moved || begin(viewer, data)).observe(container);
  container.addEventListener("pointerdown", () => (moved = true));
  container.addEventListener("keydown", (event) => {
    moved = true;
    keys(event, viewer);
  });
  figure.querySelectorAll("[data-zoom]").forEach((button) =>
    button.addEventListener("click", () => {
      moved = true;
      if (button.dataset.zoom === "fit") fit(viewer);
      else viewer.get("zoomScroll").stepZoom(button.dataset.zoom === "in" ? 1 : -1);
    }),
  );
  figure.dataset.drawn = "1";
}

document.querySelectorAll("[data-diagram]").forEach((figure) => {
  draw(figure).catch((error) => {
    // The steps stand in words below; a picture that cannot be drawn only takes room.
    console.error(error);
    figure.hidden = true;
  });
});
