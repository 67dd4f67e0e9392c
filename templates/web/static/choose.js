// Search as you type: narrows the boxes of a long list. Without this script all of them are shown.
for (const group of document.querySelectorAll("fieldset.choose")) {
  const boxes = group.querySelector(".boxes");
  const labels = [...boxes.querySelectorAll("label")];
  if (labels.length < 12) continue;
  const id = `find-${group.dataset.name}`;
  const label = document.createElement("label");
  label.htmlFor = id;
  label.textContent = group.dataset.search;
  const search = document.createElement("input");
  search.id = id;
  search.type = "search";
  search.autocomplete = "off";
  boxes.before(label, search);
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const one of labels) {
      const ticked = one.querySelector("input").checked;
      one.hidden = wanted !== "" && !ticked && !one.textContent.toLowerCase().includes(wanted);
    }
  });
}
