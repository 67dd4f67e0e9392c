// For those with JavaScript: what an operators' page says of an edition on its way is brought up to
// date every few seconds while the page is in sight. Without this script a link has it loaded anew.

const EVERY = 5000;

async function follow() {
  const shown = document.querySelector("[data-live]");
  if (!shown || shown.dataset.live !== "on") return;
  if (!document.hidden && !shown.contains(document.activeElement)) {
    try {
      const answer = await fetch(location.pathname + location.search, { credentials: "same-origin" });
      if (answer.ok && !answer.redirected) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("[data-live]");
        if (fresh) shown.replaceWith(fresh);
      }
    } catch { /* away for the moment: asked again */ }
    hide();
  }
  setTimeout(follow, EVERY);
}

function hide() {
  for (const one of document.querySelectorAll("[data-reload]")) one.hidden = true;
}

hide();
setTimeout(follow, EVERY);
