// Measures the letters in all frames of a page once they have loaded, and writes what it found as
// JSON into a <pre>. Colours are composed over what lies beneath; contrast is WCAG 2.2's ratio.
const channels = colour => {
  const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
  return [r, g, b, a];
};
const luminance = ([r, g, b]) => {
  const linear = [r, g, b].map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
};
const contrast = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};
const beneath = (element, view) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = channels(view.getComputedStyle(at).backgroundColor);
    if (colour[3] > 0) return colour;
  }
  return [255, 255, 255, 1];
};
const measure = frame => {
  const view = frame.contentWindow, letter = frame.contentDocument;
  const found = {
    width: view.innerWidth, scrollWidth: letter.documentElement.scrollWidth,
    dark: view.matchMedia("(prefers-color-scheme: dark)").matches,
    texts: 0, faint: [], small: [], tight: [],
    preheader: letter.querySelector("[style*='mso-hide']").getBoundingClientRect().height,
  };
  const walker = letter.createTreeWalker(letter.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement, style = view.getComputedStyle(element);
    if (!node.data.trim() || !element.getClientRects().length) continue;
    found.texts += 1;
    const ratio = contrast(channels(style.color), beneath(element, view));
    if (ratio < 4.5) found.faint.push([node.data.trim().slice(0, 40), style.color, ratio]);
    if (parseFloat(style.fontSize) < 14) found.small.push(node.data.trim().slice(0, 40));
  }
  for (const link of letter.querySelectorAll("a:not([tabindex])")) {
    if (link.getBoundingClientRect().height < 24) found.tight.push(link.textContent);
  }
  return found;
};
window.addEventListener("load", () => {
  const out = document.createElement("pre");
  out.id = "found";
  out.textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(measure));
  document.body.append(out);
});
