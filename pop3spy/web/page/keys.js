// What keys do, as long as nobody types in a field.

import { shown } from "./sessions.js";

const BUTTONS = { g: "Let go", e: "Edit", a: "Answer", d: "Drop" };
const VIEWS = { t: "transcript", l: "ladder", s: "statistics" };

// Listen until what is returned is called; *choose* goes to a session, or an exchange of it.
export function listenToKeys({ store, set, view, choose }) {
  const step = (by) => {
    const now = view();
    const detail = store.details.get(now.session);
    if (!detail) return;
    const numbers = [...detail.exchanges.keys()];
    const at = numbers.indexOf(now.exchange);
    const next = at < 0 ? (by > 0 ? 0 : numbers.length - 1) : at + by;
    if (numbers[next] !== undefined) choose(now.session, numbers[next]);
  };
  const stepSession = (by) => {
    const now = view();
    const all = shown(store, now.kind);
    const at = all.findIndex((one) => one.session === now.session);
    const next = all[at + by];
    if (next) {
      set({ newest: false });
      choose(next.session);
    }
  };
  const press = (key) => {
    const desk = document.querySelector(".desk");
    const found = desk && [...desk.querySelectorAll(".acts button")].find((each) =>
      each.textContent.startsWith(BUTTONS[key]));
    if (found && !found.disabled) found.click();
    return Boolean(found);
  };
  const DOES = {
    j: () => step(1),
    k: () => step(-1),
    J: () => stepSession(1),
    K: () => stepSession(-1),
    "/": () => document.getElementById("filter").focus(),
    f: () => set({ follow: !view().follow }),
    n: () => store.control.control && set({ dialog: "note" }),
    "?": () => set({ dialog: "help" }),
    Escape: () => set({ exchange: null }),
  };
  const down = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.closest("input, select, textarea, dialog");
    if (typing) {
      if (event.key === "Escape" && !event.target.closest("dialog")) event.target.blur();
      return;
    }
    const { key } = event;
    if (key in BUTTONS && press(key)) event.preventDefault();
    else if (key in VIEWS) set({ shows: VIEWS[key] });
    else if (key in DOES) {
      event.preventDefault();
      DOES[key]();
    }
  };
  addEventListener("keydown", down);
  return () => removeEventListener("keydown", down);
}
