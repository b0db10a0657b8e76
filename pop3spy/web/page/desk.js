// What is held at the gate, and what may be done about it.

import { html, useEffect, useRef, useState } from "./htm-preact.js";
import { act, post } from "./ask.js";
import { seconds } from "./words.js";

export function Desk({ ticket, live, store }) {
  const [asking, ask] = useState(null); // "edit" or "answer"
  const [text, type] = useState("");
  const [told, tell] = useState("");
  const [sure, confirm] = useState(false);
  const [busy, work] = useState(false);
  const field = useRef(null);
  const allowed = live && store.control.control && !busy;

  useEffect(() => {
    if (asking && field.current) field.current.focus();
  }, [asking]);

  const open = (what) => {
    ask(what);
    tell("");
    confirm(false);
    type(what === "edit" ? ticket.typed : "-ERR ");
  };
  const does = async (name, more = {}) => {
    work(true);
    const answer = await act(name, { held: ticket.held, ...more });
    work(false);
    if (answer.status === 200) return;
    confirm(Boolean(answer.confirm));
    tell(answer.confirm ? answer.told.join(" ") : answer.error);
  };
  const send = (event) => {
    event.preventDefault();
    does(asking, asking === "edit" ? { text, confirm: sure } : { text });
  };
  const check = async (value) => {
    type(value);
    confirm(false);
    if (!value.trim()) return tell("");
    const answer = await post("/api/check", { kind: "line", text: value }).catch(() => ({ ok: true }));
    tell(answer.ok ? "" : answer.error);
  };
  const word = asking === "edit" ? "Send in its place" : "Answer with";
  return html`<div class="desk" role="group" aria-label="Held: ${ticket.line}" data-held=${ticket.held}
      onClick=${(e) => e.stopPropagation()}>
    <p><b class="deed">◆ held as ${ticket.held}</b> for ${seconds(Math.max(0, store.now() - ticket.at))}.
      The server has not heard it.</p>
    ${store.control.control && html`<p class="acts">
      <button type="button" class="first" disabled=${!allowed} onClick=${() => does("go")}>Let go <kbd>g</kbd></button>
      <button type="button" disabled=${!allowed} aria-expanded=${asking === "edit"} onClick=${() => open("edit")}>Edit… <kbd>e</kbd></button>
      <button type="button" disabled=${!allowed} aria-expanded=${asking === "answer"} onClick=${() => open("answer")}>Answer… <kbd>a</kbd></button>
      <button type="button" disabled=${!allowed} onClick=${() => does("drop")}>Drop <kbd>d</kbd></button>
    </p>`}
    ${asking && html`<form class="line" onSubmit=${send}>
      <label for="held${ticket.held}">${word}</label>
      <input id="held${ticket.held}" ref=${field} class="mono" value=${text} autocomplete="off" spellcheck=${false}
        type=${asking === "edit" && ticket.secret ? "password" : "text"}
        aria-describedby="told${ticket.held}" aria-invalid=${told && !sure ? "true" : null}
        onInput=${(e) => check(e.target.value)}
        onKeyDown=${(e) => e.key === "Escape" && ask(null)} />
      <button disabled=${!allowed || !text.trim()}>${sure ? "Send it all the same" : asking === "edit" ? "Send" : "Answer"}</button>
    </form>`}
    <p class="error" id="told${ticket.held}" role="status">${told}</p>
  </div>`;
}
