"use strict";
(() => {
  const all = (what) => [...document.querySelectorAll(what)];
  const element = (name, text, rest = {}) =>
    Object.assign(document.createElement(name), { textContent: text }, rest);

  // The folded middle of a transcript: a button stands in the row that sums it up.
  const fold = (middle, folded) => {
    middle.hidden = folded;
    const button = middle.previousElementSibling.querySelector("button");
    if (!button) return;
    button.textContent = folded ? "Show them" : "Fold";
    button.setAttribute("aria-expanded", String(!folded));
  };
  const middles = all("tbody.middle");
  for (const middle of middles) {
    const button = element("button", "", { type: "button", onclick: () => fold(middle, !middle.hidden) });
    middle.previousElementSibling.querySelector(".line p").append(" ", button);
    fold(middle, true);
  }

  // A link may lead into what is folded.
  const follow = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let one = target; one; one = one.parentElement) {
      if (one.tagName === "DETAILS") one.open = true;
      if (one.classList.contains("middle")) fold(one, false);
      one.hidden = false;
    }
    target.scrollIntoView({ block: target.tagName === "TR" ? "center" : "start" });
  };

  addEventListener("hashchange", follow);
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const one of closed) one.open = true;
    for (const middle of middles) fold(middle, false);
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
    for (const middle of middles) fold(middle, true);
  });
  follow();

  // The filter: words to look for, and kinds of lines; the page says which lines, and which kinds.
  const page = document.querySelector("main").dataset;
  const rows = page.lines ? all(page.lines) : [];
  if (!rows.length) return;
  const words = element("input", "", { type: "search", placeholder: page.hint });
  words.setAttribute("aria-label", "Show only lines that have this text");
  const status = element("span", "", { className: "quiet" });
  status.setAttribute("role", "status");
  const kinds = new Map(page.kinds.split(", ").map((kind) => kind.split(/ (?=\.)/)));
  const chosen = new Set();

  const apply = () => {
    const text = words.value.trim().toLowerCase();
    const filtered = Boolean(text || chosen.size);
    let found = 0;
    for (const row of rows) {
      const fits = (!text || row.textContent.toLowerCase().includes(text))
        && [...chosen].every((kind) => row.matches(kinds.get(kind)));
      row.hidden = filtered && !fits;
      found += fits;
    }
    for (const middle of middles) fold(middle, !filtered);
    for (const row of all("tbody.folded tr")) row.hidden = filtered;
    for (const session of all(".session")) {
      const first = [...session.querySelectorAll(page.lines)].find((row) => !row.hidden);
      session.hidden = filtered && !first;
      const fold = filtered && first && first.closest("details");
      if (fold) fold.open = true;
    }
    status.textContent = filtered ? `${found} of ${rows.length} lines` : "";
  };

  const bar = element("div", "", { className: "filter" });
  bar.setAttribute("role", "search");
  bar.append(words);
  for (const kind of kinds.keys()) {
    const button = element("button", kind, { type: "button" });
    button.setAttribute("aria-pressed", "false");
    button.onclick = () => {
      if (!chosen.delete(kind)) chosen.add(kind);
      button.setAttribute("aria-pressed", String(chosen.has(kind)));
      apply();
    };
    bar.append(button);
  }
  const ladders = all("details.fold").filter((one) => one.querySelector(".ladder"));
  if (ladders.length) {
    const button = element("button", "Fold ladders", { type: "button" });
    let open = true;
    button.onclick = () => {
      open = !open;
      for (const ladder of ladders) ladder.open = open;
      button.textContent = open ? "Fold ladders" : "Unfold ladders";
    };
    bar.append(button);
  }
  bar.append(status);
  words.oninput = apply;
  document.querySelector(".session").before(bar);

  addEventListener("keydown", (event) => {
    const typing = /INPUT|TEXTAREA/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      words.focus();
    } else if (event.key === "Escape" && document.activeElement === words) {
      words.value = "";
      apply();
    }
  });
})();
