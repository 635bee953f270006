// Writing a template: a variable from the menu goes in where the cursor was. Without script the menu is a list to read.

const form = document.getElementById("plantilla");
let last = form?.querySelector("textarea");

form?.addEventListener("focusin", (event) => {
  if (event.target.matches("textarea, input:not([type=hidden]):not([type=checkbox]):not([type=password])") && event.target.name !== "nombre" && event.target.name !== "para") last = event.target;
});
for (const button of form?.querySelectorAll("[data-insert][hidden]") ?? []) {
  button.hidden = false;
  button.nextElementSibling?.remove();
}
form?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button || !last) return;
  last.focus();
  last.setRangeText(button.dataset.insert, last.selectionStart, last.selectionEnd, "end");
  last.dispatchEvent(new Event("input", { bubbles: true }));
});
