// How often each command was given, how it went, and how long it took.

import { html, useEffect, useState } from "./htm-preact.js";
import { get } from "./ask.js";
import { counted } from "./words.js";

const AGAIN = 2000;

export function Statistics({ session, live }) {
  const [told, take] = useState(null);
  const [only, choose] = useState(false);
  useEffect(() => {
    let here = true;
    const ask = () => get(`/api/statistics${only && session ? `?session=${session}` : ""}`)
      .then((answer) => here && answer.status === 200 && take(answer)).catch(() => {});
    ask();
    const timer = live ? setInterval(ask, AGAIN) : 0;
    return () => {
      here = false;
      clearInterval(timer);
    };
  }, [session, only, live]);
  if (!told) return html`<p class="quiet">…</p>`;
  return html`<div class="statistics">
    <p><label class="choice"><input type="checkbox" checked=${only} disabled=${!session}
      onChange=${(e) => choose(e.target.checked)} /> this session alone</label>
      <span class="quiet"> ${counted(told.sessions, "session")} that are kept here</span></p>
    <div class="wide" tabindex="0" role="region" aria-label="Statistics"><table>
      <thead><tr>${told.head.map((name, place) => html`<th scope="col" class=${place ? "n" : ""}>${name}</th>`)}</tr></thead>
      <tbody>${told.rows.map(([name, ...cells]) => html`<tr key=${name}><th scope="row" class="mono">${name}</th>
        ${cells.map((cell, place) => html`<td class="n" data-word=${told.head[place + 1]}>${cell}</td>`)}</tr>`)}</tbody>
    </table></div>
  </div>`;
}
