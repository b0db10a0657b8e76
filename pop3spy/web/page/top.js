// The head of the page: what is shown, whether it is live, how many sessions there are.

import { html } from "./htm-preact.js";
import { clock, count } from "./words.js";

const TOLD = {
  connecting: "connecting…", live: "live", reconnecting: "reconnecting…", stopped: "the proxy has stopped",
};

export function Header({ store, set, live }) {
  const { about, counts, control } = store;
  const word = about && !about.live && store.connection === "live" ? "a recording" : TOLD[store.connection];
  return html`<header class="top">
    <h1>pop3spy</h1>
    <p class="mono title">${about ? about.title : ""}</p>
    <p role="status" class="connection ${store.connection}"><i class="dot" aria-hidden="true"></i>${word}
      ${store.why && store.connection === "reconnecting" ? html` <span class="quiet">${store.why}</span>` : null}</p>
    <p><b>${count(counts.open)}</b> open${" "}${control.held.length > 0 && html`<a class="deed" href="#s${control.held[0].session}-${control.held[0].exchange}">${
        count(control.held.length)} held</a> `}
      ${" "}<span class="quiet">${count(counts.ended)} ended</span></p>
    ${about && html`<p class="quiet since">since ${clock(about.started, 0)}</p>`}
    ${control.control && html`<span class="acts">
      <button type="button" disabled=${!live} onClick=${() => set({ dialog: "note" })}>Note…</button>
      <button type="button" disabled=${!live} onClick=${() => set({ dialog: "stop" })}>Stop…</button></span>`}
  </header>`;
}
