// A field for a text with a language of its own, which is told of its mistakes while it is typed.

import { html, useEffect, useRef, useState } from "./htm-preact.js";
import { post } from "./ask.js";

const PAUSE = 200; // milliseconds of quiet before the server is asked

// Calls *change* with each text that is right, and *done* with one that is entered.
export function Field({ id, label, kind, value, change, done, button, pressed, disabled, placeholder, quiet }) {
  const [text, type] = useState(value || "");
  const [wrong, tell] = useState(null);
  const asked = useRef(0);
  const timer = useRef(0);

  useEffect(() => type(value || ""), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const check = async (given) => {
    const mine = ++asked.current;
    if (!given.trim()) {
      tell(null);
      if (change) change("");
      return true;
    }
    const answer = await post("/api/check", { kind, text: given }).catch(() => null);
    if (mine !== asked.current || answer === null) return false;
    tell(answer.ok ? null : answer);
    if (answer.ok && change) change(given);
    return Boolean(answer.ok);
  };
  const typed = (given) => {
    type(given);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => check(given), PAUSE);
  };
  const entered = async (event) => {
    event.preventDefault();
    clearTimeout(timer.current);
    if (!(await check(text)) || !done) return;
    const refused = await done(text);
    if (refused) tell(refused);
    else if (!change) type(value || "");
  };
  return html`<form class="field" onSubmit=${entered}>
    <label for=${id} class=${quiet ? "hidden" : ""}>${label}</label>
    <input id=${id} class="mono" value=${text} placeholder=${placeholder} autocomplete="off" spellcheck=${false}
      disabled=${disabled} aria-invalid=${wrong ? "true" : null} aria-describedby="${id}-told"
      onInput=${(e) => typed(e.target.value)} />
    ${button && html`<button disabled=${disabled || !text.trim()} aria-pressed=${pressed}>${button}</button>`}
    <p class="error" id="${id}-told" role="status">${wrong && html`${wrong.column
      ? html`<span class="mono place" aria-hidden="true">${text.slice(0, wrong.column - 1)}<b>^</b></span>` : null}${wrong.error}`}</p>
  </form>`;
}
