// A signature drawn by hand; it becomes the PNG file of the field's own file input.
const started = new WeakSet();

class Pad {
  constructor(box) {
    this.box = box;
    this.canvas = box.querySelector("canvas");
    this.input = box.querySelector('input[type="file"]');
    this.pen = this.canvas.getContext("2d");
    box.dataset.ready = "1";
    this.clear();
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    this.canvas.addEventListener("pointerup", () => this.up());
    this.canvas.addEventListener("pointercancel", () => this.up());
    box.querySelector("[data-signature-clear]")?.addEventListener("click", () => {
      this.clear();
      this.input.value = "";
      this.tell();
    });
  }

  clear() {
    const scale = window.devicePixelRatio || 1;
    const { width, height } = this.canvas.getBoundingClientRect();
    this.canvas.width = Math.max(1, width * scale);
    this.canvas.height = Math.max(1, height * scale);
    this.pen.scale(scale, scale);
    this.pen.fillStyle = "#fff";
    this.pen.fillRect(0, 0, width, height);
    Object.assign(this.pen, { lineWidth: 2.4, lineCap: "round", lineJoin: "round", strokeStyle: "#111" });
  }

  point(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.drawing = true;
    this.pen.beginPath();
    this.pen.moveTo(...this.point(event));
  }

  move(event) {
    if (!this.drawing) return;
    this.pen.lineTo(...this.point(event));
    this.pen.stroke();
  }

  up() {
    if (!this.drawing) return;
    this.drawing = false;
    this.canvas.toBlob((png) => {
      const kept = new DataTransfer();
      kept.items.add(new File([png], "signature.png", { type: "image/png" }));
      this.input.files = kept.files;
      this.tell();
    }, "image/png");
  }

  tell() {
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

export function startSignatures(root) {
  for (const box of root.querySelectorAll("[data-signature]")) {
    if (!started.has(box)) new Pad(box);
    started.add(box);
  }
}
