// Tables: keys (j and k move, enter opens, x selects, / searches), a row as one large link, selection over pages.

const typing = (target) => target.closest?.("input, select, textarea, [contenteditable], dialog, details[open]");

function rowsOf(table) {
  return [...table.querySelectorAll("tbody > tr[data-href], tbody > tr:has(.x)")];
}

function open(row) {
  const link = row.querySelector("a[data-opens-row]");
  if (link) link.click();
  else if (row.dataset.href) location.assign(row.dataset.href);
}

function move(table, step) {
  const rows = rowsOf(table);
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement) || row === document.activeElement);
  const next = rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)];
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const at = event.target;
  if (event.key === "/" && !typing(at)) {
    const field = document.querySelector("input[data-slash]") ?? document.getElementById("find");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
    return;
  }
  if (typing(at) && !at.closest(".x")) return;
  const table = document.querySelector("table[data-keys]");
  if (!table) return;
  if (event.key === "j") move(table, 1);
  else if (event.key === "k") move(table, -1);
  else if (event.key === "Enter" && at.matches("tr")) open(at);
  else if (event.key === "x" && at.closest("tr")) at.closest("tr").querySelector(".x input")?.click();
  else return;
  event.preventDefault();
}

function count(form, say) {
  const bar = form.querySelector("[data-chosen]");
  if (!bar) return;
  const boxes = [...form.querySelectorAll("tbody .x input")];
  const chosen = boxes.filter((box) => box.checked).length;
  const everything = bar.querySelector('input[name="all"]');
  const all = form.querySelector("[data-all]");
  if (everything && chosen < boxes.length) everything.remove();
  const every = bar.querySelector('input[name="all"]') !== null;
  bar.hidden = chosen === 0;
  const said = bar.querySelector(".said");
  said.textContent = every ? bar.dataset.every
    : chosen === 1 ? bar.dataset.one : bar.dataset.many.replace("{count}", new Intl.NumberFormat(document.documentElement.lang).format(chosen));
  const more = bar.querySelector("[data-every-button]");
  if (more) more.hidden = every || chosen < boxes.length;
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

export function startTables(say) {
  document.addEventListener("keydown", keys);
  document.addEventListener("click", (event) => {
    const target = event.target;
    const row = target.closest("tr[data-href]");
    if (row && !target.closest("a, button, input, label, summary") && !getSelection().toString()) {
      if (event.ctrlKey || event.metaKey) window.open(row.dataset.href);
      else open(row);
      return;
    }
    const form = target.closest("form");
    if (target.closest("[data-every-button]")) {
      const bar = target.closest("[data-chosen]");
      const field = Object.assign(document.createElement("input"), { type: "hidden", name: "all", value: "1" });
      bar.append(field);
      count(form, say);
    } else if (target.closest("[data-none]")) {
      for (const box of form.querySelectorAll(".x input")) box.checked = false;
      count(form, say);
    } else if (target.closest("a[data-opens-row]")) {
      for (const other of document.querySelectorAll("tr.open")) other.classList.remove("open");
      target.closest("tr")?.classList.add("open");
    } else if (target.closest("#side [data-close]") && document.querySelector("tr.open")) {
      event.preventDefault();
      const row = document.querySelector("tr.open");
      row.classList.remove("open");
      document.getElementById("side").replaceChildren();
      history.pushState(null, "", target.closest("[data-close]").href);
      row.tabIndex = -1;
      row.focus();
    }
  });
  document.addEventListener("change", (event) => {
    const box = event.target.closest(".x input");
    if (!box) return;
    const form = box.closest("form");
    if (!form) return;
    if (box.matches("[data-all]")) for (const one of form.querySelectorAll("tbody .x input")) one.checked = box.checked;
    count(form, say);
  });
  for (const name of ["htmx:afterSwap", "htmx:after:swap"]) {
    document.addEventListener(name, (event) => {
      if (event.target.id === "side") event.target.focus({ preventScroll: true });
      for (const form of document.querySelectorAll("form:has([data-chosen])")) count(form, say);
    });
  }
  // A page that comes back from the browser's memory still has its boxes ticked.
  for (const form of document.querySelectorAll("form:has([data-chosen])")) count(form, say);
}
