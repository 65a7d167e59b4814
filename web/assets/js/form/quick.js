// A form that is filled in one case after the other: the first field has the focus.
export function startQuick(root) {
  const form = root.querySelector("form[data-quick]");
  if (form && !form.dataset.begun) {
    form.dataset.begun = "1";
    form.querySelector("[aria-invalid=true], #form-fields :is(input[type=text], input[type=search], textarea)")?.focus();
  }
}
