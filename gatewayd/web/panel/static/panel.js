// What the panel does in a browser beyond links and forms. Every page works without it, but does not stay current by
// itself. No text for people stands here: pages bring their words as attributes.

import { startStream } from "./stream.js";
import { startTables } from "./table.js";

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

// Requests of fragments: htmx 2 says htmx:configRequest, htmx 4 htmx:config:request with the headers one level deeper.
function bearToken(event) {
  const headers = event.detail.headers ?? event.detail.ctx?.request?.headers;
  if (headers && csrf) headers["X-CSRF-Token"] = csrf;
}
document.addEventListener("htmx:configRequest", bearToken);
document.addEventListener("htmx:config:request", bearToken);

// A session that ended inside a fragment: the page is loaded again and leads to signing in; a form never lands in a cell.
function judge(event) {
  const status = event.detail.xhr?.status ?? event.detail.ctx?.response?.status;
  if (status === 401) {
    event.preventDefault();
    location.reload();
  } else if (status >= 400) {
    event.preventDefault();
    trouble(true);
  } else {
    trouble(false);
  }
}
function trouble(is) {
  const banner = document.getElementById("trouble");
  if (banner && banner.hidden === is) banner.hidden = !is;
}
document.addEventListener("htmx:beforeSwap", judge);
document.addEventListener("htmx:before:swap", judge);

for (const name of ["htmx:sendError", "htmx:timeout", "htmx:error"]) document.addEventListener(name, () => trouble(true));

// What a fragment replaces is morphed, so that focus and what one typed survive. The names are those of htmx 4, which
// brings them itself.
if (window.htmx?.defineExtension && window.Idiomorph) {
  const styles = { outerMorph: "outerHTML", innerMorph: "innerHTML" };
  window.htmx.defineExtension("panel", {
    isInlineSwap: (style) => style === "outerMorph",
    handleSwap: (style, target, fragment) => {
      if (!(style in styles)) return false;
      const inner = style === "innerMorph";
      return window.Idiomorph.morph(target, inner ? fragment.childNodes : fragment.children, {
        morphStyle: styles[style],
        ignoreActiveValue: true,
        callbacks: {
          // What a person has opened or chosen stays so; a row that has the focus would lose it with its tabindex.
          beforeAttributeUpdated: (name, node) =>
            !(name === "open" && node.localName === "details") && !(name === "hidden" && node.hasAttribute?.("data-chosen"))
              && !(name === "tabindex" && node === document.activeElement),
        },
      });
    },
  });
}

// Menus close by Escape, by a click elsewhere, and when another opens.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest?.("details.menu[open]") ?? document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
    return;
  }
  document.querySelector("#side [data-close]")?.click();
});

// Dialogs: a button opens one; one in it that bears data-shut closes it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.opens);
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
    return;
  }
  const shut = event.target.closest("dialog [data-shut]");
  if (shut) {
    event.preventDefault();
    shut.closest("dialog").close();
  }
});

// An act that cannot be undone asks for the name of its object: the button wakes once the field holds it.
document.addEventListener("input", (event) => {
  const wanted = event.target.dataset?.mustBe;
  if (wanted === undefined) return;
  const button = event.target.form?.querySelector('button[type="submit"]');
  if (button) button.disabled = event.target.value.trim() !== wanted;
});
for (const field of document.querySelectorAll("[data-must-be]")) field.dispatchEvent(new Event("input", { bubbles: true }));

// Copying.
function showCopiers(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  event.preventDefault();
  event.stopPropagation();
  await navigator.clipboard.writeText(button.dataset.copy);
  say(button.dataset.copied);
});

// Printing.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// The one live region: polite, and silent for ten seconds after it spoke.
const region = document.getElementById("said");
let spoke = -Infinity;
let waiting = 0;
export function say(text) {
  if (!region || !text) return;
  clearTimeout(waiting);
  const rest = Math.max(0, spoke + 10_000 - performance.now());
  waiting = setTimeout(() => {
    spoke = performance.now();
    region.textContent = text;
  }, rest);
}

// The theme changes at once; the form behind the button keeps it.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-theme-is]");
  if (button) document.documentElement.dataset.theme = button.dataset.themeIs;
});

// A form is sent once, however often one presses; not where the answer goes into a frame and the form stays.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented || event.submitter?.formTarget) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// What waits longer than two seconds says so.
let slow = 0;
function begin() {
  clearTimeout(slow);
  slow = setTimeout(() => say(document.body.dataset.slow), 2000);
}
for (const name of ["htmx:beforeRequest", "htmx:before:request"]) document.addEventListener(name, begin);
for (const name of ["htmx:afterRequest", "htmx:after:request"]) document.addEventListener(name, () => clearTimeout(slow));

for (const name of ["htmx:afterSwap", "htmx:after:swap"]) {
  document.addEventListener(name, (event) => showCopiers(event.target));
}
document.querySelector("[data-focus]")?.focus();
showCopiers(document);
startTables(say);
if (document.body.dataset.stream) startStream(document.body.dataset.stream);
