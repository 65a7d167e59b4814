// What every page has: htmx, switches, dialogs, keys, clocks, toasts. No inline script, no eval (strict CSP).
import "./app/htmx.js";
import { startBoard } from "./app/board.js";
import { startBulk } from "./app/bulk.js";
import { startClocks } from "./app/clocks.js";
import { startCopying } from "./app/copy.js";
import { startDialogs } from "./app/dialogs.js";
import { startForms } from "./app/forms.js";
import { startKeys } from "./app/keys.js";
import { startNews } from "./app/news.js";
import { startPalette } from "./app/palette.js";
import { startPanel } from "./app/panel.js";
import { startRefresh } from "./app/refresh.js";
import { startTheme } from "./app/theme.js";
import { startToasts } from "./app/toasts.js";

startTheme();
startDialogs();
startCopying();
startForms();
startToasts();
startClocks();
startPalette();
startKeys();
startBulk();
startBoard();
startPanel();
startRefresh();
startNews();
