// For those with JavaScript: search as you type, and a preview that follows what is chosen. Without
// this script a field takes names with commas, all names are listed, and a button shows the preview.

const WAIT_TO_SEARCH = 120;
const WAIT_TO_PREVIEW = 250;

// A combobox (ARIA Authoring Practices) over the field for further names.
function searching(group) {
  const field = group.querySelector("input[name^=more_]");
  const list = document.createElement("ul");
  const said = document.createElement("p");
  let timer, at = -1, last = "";
  list.id = `${field.id}-found`;
  list.className = "found";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", group.dataset.search);
  said.className = "hint";
  said.setAttribute("role", "status");
  field.removeAttribute("list");
  field.labels[0].textContent = group.dataset.search;
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) field.setAttribute(name, value);
  const holder = document.createElement("span");
  holder.className = "searching";
  field.replaceWith(holder);
  holder.append(field, list);
  holder.parentElement.after(said);
  group.querySelectorAll("datalist").forEach((one) => one.remove());

  const close = () => { list.hidden = true; at = -1; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); };
  const mark = (index) => {
    const items = [...list.children];
    if (!items.length) return;
    at = (index + items.length) % items.length;
    items.forEach((item, place) => item.setAttribute("aria-selected", String(place === at)));
    field.setAttribute("aria-activedescendant", items[at].id);
    items[at].scrollIntoView({ block: "nearest" });
  };
  const pick = (name) => {
    add(group, name);
    field.value = "";
    said.textContent = `${group.dataset.added} ${name}`;
    close();
    field.focus();
  };
  const show = (found) => {
    list.replaceChildren(...found.map((one, place) => {
      const item = document.createElement("li");
      item.id = `${list.id}-${place}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.textContent = one.name;
      if (one.definition) {
        const more = document.createElement("small");
        more.textContent = one.definition;
        item.append(more);
      }
      item.addEventListener("mousedown", (event) => { event.preventDefault(); pick(one.name); });
      return item;
    }));
    list.hidden = !found.length;
    at = -1;
    field.setAttribute("aria-expanded", String(!list.hidden));
    field.removeAttribute("aria-activedescendant");
  };
  const search = async () => {
    const text = last = field.value.trim();
    if (!text || text.includes(",")) return close();
    try {
      const answer = await fetch(`${group.dataset.vocabulary}?q=${encodeURIComponent(text)}`);
      const { found } = await answer.json();
      if (text === last) show(found);
    } catch { close(); }
  };
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, WAIT_TO_SEARCH); });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!list.hidden) { event.preventDefault(); mark(at + (event.key === "ArrowDown" ? 1 : -1)); }
    } else if (event.key === "Escape") {
      close();
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      pick(list.children[Math.max(at, 0)].firstChild.textContent);
    }
  });
}

// Tick the box or the level that is there, or make one.
function add(group, name) {
  const rows = group.querySelector(".rows");
  let input = [...group.querySelectorAll(".chips input")].find((one) => one.value === name);
  if (rows) {
    input?.closest("label").remove();
    let row = [...group.querySelectorAll(".level")].find((one) => one.dataset.name === name);
    if (!row) {
      row = group.querySelector("template").content.firstElementChild.cloneNode(true);
      row.dataset.name = name;
      row.querySelector("legend").textContent = name;
      row.querySelectorAll("input").forEach((one) => { one.name = `level:${name}`; });
    }
    rows.append(row);
    input = row.querySelector("input[value=like]");
  } else {
    const field = { topic: "topics", role: "roles" }[group.dataset.kind];
    const label = input ? input.parentElement : document.createElement("label");
    if (!input) {
      input = Object.assign(document.createElement("input"), { type: "checkbox", name: field, value: name });
      label.append(input, Object.assign(document.createElement("span"), { textContent: name }));
      group.querySelector(".chips").prepend(label, " ");
    }
  }
  input.checked = true;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

// Ask for the preview whenever a choice changes; only the latest answer counts.
function previewing(form) {
  const place = document.getElementById("preview");
  let timer, asked;
  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const fields = new URLSearchParams(new FormData(form));
    for (const name of ["email", "website", "more_roles", "more_topics"]) fields.delete(name);
    fields.set("action", "preview");
    fields.set("part", "yes");
    if (!place.children.length) place.textContent = place.dataset.waiting;
    try {
      const answer = await fetch(location.href, { method: "POST", body: fields, signal: asked.signal });
      if (answer.ok) place.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
    } catch { /* an older question, or no network: what is shown stays */ }
  };
  form.addEventListener("change", (event) => {
    if (!/^(topics|roles|level:|locale)/.test(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_TO_PREVIEW);
  });
  document.querySelector(".preview-of button").closest("p").hidden = true;
  ask();
}

// The reader's own time zone, where none was chosen.
function presetting(select) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!select.value && [...select.options].some((one) => one.value === zone)) select.value = zone;
}

// What is ticked where topics have levels gets a level.
function levelling(group) {
  if (!group.querySelector(".rows")) return;
  group.addEventListener("change", ({ target }) => {
    if (target.name !== "topics") return;
    add(group, target.value);
    group.querySelector(`.rows .level:last-child input[value=like]`).focus();
  });
}

document.querySelectorAll("fieldset.choose").forEach(levelling);
document.querySelectorAll("select[data-preset]").forEach(presetting);
document.querySelectorAll("fieldset.choose").forEach(searching);
document.querySelectorAll("form[data-preview]").forEach(previewing);
