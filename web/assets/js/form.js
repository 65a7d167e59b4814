// A task's form: drafts, conditional fields, repeating rows, files, signatures, and a guard on leaving.
import { startConditions } from "./form/conditions.js";
import { startDrafts } from "./form/drafts.js";
import { startLookups } from "./form/lookup.js";
import { startQuick } from "./form/quick.js";
import { startRepeat } from "./form/repeat.js";
import { startScans } from "./form/scan.js";
import { startReplies } from "./form/replies.js";
import { startSignatures } from "./form/signature.js";
import { startUploads } from "./form/upload.js";

function start(root) {
  startQuick(root);
  startDrafts(root);
  startConditions(root);
  startReplies(root);
  startUploads(root);
  startSignatures(root);
}

startRepeat();
startScans();
startLookups();
start(document);
// A task that opens beside its list brings its form along.
document.addEventListener("htmx:after:swap", () => start(document));
