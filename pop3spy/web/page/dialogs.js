// What is asked in a window of its own: a note, whether to stop, and how the keys are.

import { html, useEffect, useRef, useState } from "./htm-preact.js";
import { act } from "./ask.js";

const KEYS = [
  ["j k", "next and last line"], ["J K", "next and last session"], ["/", "filter"], ["f", "follow the end"],
  ["t l s", "transcript, ladder, statistics"], ["g e a d", "let go, edit, answer, drop what is held first"],
  ["n", "note"], ["Escape", "close what is open"], ["?", "this help"],
];

export function Dialog({ name, close, store, session }) {
  const element = useRef(null);
  useEffect(() => {
    element.current.showModal();
  }, []);
  const Inside = { note: Note, stop: Stop, help: Help, kill: Kill }[name];
  return html`<dialog ref=${element} aria-labelledby="dialog-head" onClose=${close}>
    <${Inside} close=${() => element.current.close()} store=${store} session=${session} />
  </dialog>`;
}

function Note({ close }) {
  const [text, type] = useState("");
  const [told, tell] = useState("");
  const send = async (event) => {
    event.preventDefault();
    const answer = await act("note", { text });
    if (answer.status === 200) close();
    else tell(answer.error);
  };
  return html`<form onSubmit=${send}><h2 id="dialog-head">Note</h2>
    <label for="note">A line for the log, the recording and exports</label>
    <input id="note" value=${text} autocomplete="off" onInput=${(e) => type(e.target.value)} />
    <p class="error" role="status">${told}</p>
    <p class="acts"><button class="first" disabled=${!text.trim()}>Note</button>
      <button type="button" onClick=${close}>Cancel</button></p></form>`;
}

function Stop({ close, store }) {
  const open = store.counts.open;
  return html`<h2 id="dialog-head">Stop the proxy?</h2>
    <p>${open ? `${open} open session${open === 1 ? "" : "s"} will end with it, after replies on their way.` : "No session is open."}</p>
    <p class="acts"><button type="button" class="first" onClick=${() => { act("quit"); close(); }}>Stop it</button>
      <button type="button" onClick=${close}>Let it go on</button></p>`;
}

function Kill({ close, session }) {
  return html`<h2 id="dialog-head">End session ${session}?</h2>
    <p>Both sides are closed at once; what is on its way is lost.</p>
    <p class="acts"><button type="button" class="first" onClick=${() => { act("kill", { session }); close(); }}>End it</button>
      <button type="button" onClick=${close}>Let it go on</button></p>`;
}

function Help({ close }) {
  return html`<h2 id="dialog-head">Keys</h2>
    <dl class="times">${KEYS.map(([keys, what]) => html`<div><dt>${keys.split(" ").map((key) =>
      html`<kbd>${key}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>
    <p class="acts"><button type="button" class="first" onClick=${close}>Close</button></p>`;
}
