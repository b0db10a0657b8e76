// What can be saved of a session: its report, and the forms that the console exports.

import { html, useEffect, useRef, useState } from "./htm-preact.js";

export function Save({ store, session }) {
  const [told, tell] = useState("");
  const [busy, work] = useState(false);
  const menu = useRef(null);
  const { about } = store;
  const number = session.session;

  const close = () => {
    menu.current.open = false;
    menu.current.querySelector("summary").focus();
  };
  useEffect(() => tell(""), [number]);
  useEffect(() => {
    const leave = (event) => {
      const open = menu.current && menu.current.open;
      if (!open || (event.type === "keydown" ? event.key !== "Escape" : menu.current.contains(event.target))) return;
      if (event.type === "keydown") close();
      else menu.current.open = false;
    };
    for (const name of ["click", "keydown"]) addEventListener(name, leave);
    return () => ["click", "keydown"].forEach((name) => removeEventListener(name, leave));
  }, []);

  const save = async (what) => {
    if (menu.current && menu.current.open) close();
    tell("");
    work(true);
    tell(await saved(`/api/sessions/${number}/${what}`));
    work(false);
  };
  return html`<span class="save">
    ${about.report && html`<button type="button" disabled=${busy} onClick=${() => save("report")}>Report</button>`}
    ${about.exports.length > 0 && html`<details class="menu" ref=${menu}>
      <summary class="button">Export</summary>
      <ul>${about.exports.map(({ form, summary }) => html`<li><button type="button" disabled=${busy}
        onClick=${() => save(`export/${form}`)}><b>${form}</b> <span class="quiet">${summary}</span></button></li>`)}</ul>
    </details>`}
    <span class="error" role="status">${told}</span>
  </span>`;
}

// Let the browser save what is at *path*; return why not, if it cannot be had.
async function saved(path) {
  let response;
  try {
    response = await fetch(path);
  } catch {
    return "the proxy cannot be reached";
  }
  if (!response.ok) return (await response.json()).error;
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = /filename="([^"]+)"/.exec(response.headers.get("content-disposition"))[1];
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // when it has been saved
  return "";
}
