// What is set, what was found, what was noted.

import { html, useState } from "./htm-preact.js";
import { act, get } from "./ask.js";
import { Field } from "./field.js";
import { ago, count } from "./words.js";

export function Aside({ store, view, set, live }) {
  const { control } = store;
  return html`<aside aria-label="What is set, and what was found" tabindex="-1">
    ${control.control && html`<${Hold} control=${control} live=${live} />`}
    ${control.control && html`<${FaultList} control=${control} live=${live} />`}
    ${!control.control && control.hold && html`<section><h2>Hold</h2><p class="mono">${control.hold}</p></section>`}
    ${!control.control && control.faults.length > 0 && html`<section><h2>Faults</h2>
      <ul class="faults">${control.faults.map((one) => html`<li class="mono">${one.text}</li>`)}</ul></section>`}
    <${FindingList} store=${store} view=${view} set=${set} />
    ${store.notes.length > 0 && html`<section aria-labelledby="notes"><h2 id="notes">Notes</h2>
      <ol class="notes">${store.notes.slice(-8).reverse().map((one) => html`<li>${one.text}</li>`)}</ol></section>`}
  </aside>`;
}

function Hold({ control, live }) {
  const done = async (text) => failed(await act("hold", { text }));
  return html`<section aria-labelledby="hold-head"><h2 id="hold-head">Hold</h2>
    <${Field} id="hold" label="Hold commands that" kind="hold" quiet value=${control.hold} done=${done}
      button=${control.hold ? "Change" : "Hold"} disabled=${!live} placeholder="verb = DELE" />
    ${control.hold && html`<p><button type="button" disabled=${!live} onClick=${() => act("release")}>Hold nothing,
      let all go</button></p>`}
  </section>`;
}

// A fault that was taken away here can be set again.
function FaultList({ control, live }) {
  const [off, keep] = useState([]);
  const [told, tell] = useState("");
  const on = new Set(control.faults.map((one) => one.text));
  const does = async (name, more) => {
    const refused = failed(await act(name, more));
    tell(refused ? refused.error : "");
  };
  const takeAway = (one) => {
    keep([...off.filter((text) => text !== one.text), one.text]);
    does("fault off", { fault: one.fault });
  };
  const row = (text, checked, change, more) => html`<li key=${text}><label class="switch">
    <input type="checkbox" role="switch" checked=${checked} disabled=${!live} onChange=${change} />
    <span class="mono">${text}</span></label><span class="quiet">${more}</span></li>`;
  return html`<section aria-labelledby="fault-head"><h2 id="fault-head">Faults</h2>
    <ul class="faults">
      ${control.faults.map((one) => row(one.text, true, () => takeAway(one), "on"))}
      ${off.filter((text) => !on.has(text)).map((text) =>
        row(text, false, () => does("fault", { text }), "off; what is under way goes on to the end of its reply"))}
    </ul>
    <${Field} id="fault" label="A new fault" kind="fault" quiet value="" button="Set" disabled=${!live}
      placeholder="cut after=1K when verb = RETR" done=${async (text) => failed(await act("fault", { text }))} />
    <p class="error" role="status">${told}</p>
  </section>`;
}

function FindingList({ store, view, set }) {
  const [open, show] = useState("");
  const found = store.findings.filter((one) => view.everywhere || one.session === view.session);
  return html`<section aria-labelledby="findings-head"><h2 id="findings-head">Findings
      <label class="choice"><input type="checkbox" checked=${view.everywhere}
        onChange=${(e) => set({ everywhere: e.target.checked })} /> all sessions</label></h2>
    ${found.length === 0 && html`<p class="quiet">Nothing was found.</p>`}
    <ol class="findings">${found.slice(0, 60).map((one) => {
      const key = `${one.session} ${one.id}`;
      return html`<li key=${key} class=${one.severity}>
        <button type="button" class="named" aria-expanded=${open === key} onClick=${() => show(open === key ? "" : key)}>
          <span class="shape" aria-hidden="true"></span><span class="hidden">${one.severity}: </span>${one.id}</button>
        <a href="#s${one.session}${one.exchange ? `-${one.exchange}` : ""}">s${one.session}${one.exchange ? `, no. ${one.exchange}` : ""}</a>
        <span class="quiet">${store.about && store.about.live ? ago(store.now() - one.at) : ""}${one.count > 1 ? ` ${count(one.count)} times` : ""}</span>
        <span class="text">${one.text}</span>
        ${open === key && html`<${Explained} id=${one.id} remedy=${one.remedy} />`}
      </li>`;
    })}</ol>
    ${found.length > 60 && html`<p class="quiet">${count(found.length - 60)} earlier ones are not listed.</p>`}
  </section>`;
}

const explained = new Map();

function Explained({ id, remedy }) {
  const [paragraphs, tell] = useState(explained.get(id) || null);
  if (paragraphs === null) {
    get(`/api/explain?about=${encodeURIComponent(id)}`).then((answer) => {
      explained.set(id, answer.paragraphs || []);
      tell(answer.paragraphs || []);
    }).catch(() => tell([]));
  }
  return html`<div class="explained"><p><b>To do:</b> ${remedy}</p>
    ${blocks(paragraphs || []).map((block) => block.wire
      ? html`<pre class="mono" tabindex="0">${block.text}</pre>` : html`<p>${block.text}</p>`)}</div>`;
}

// Lines that begin with blanks are a conversation, and stay as they are.
function blocks(paragraphs) {
  const found = [];
  for (const text of paragraphs) {
    const wire = text.startsWith("    ");
    const last = found[found.length - 1];
    if (!text) continue;
    if (wire && last && last.wire) last.text += `\n${text.slice(4)}`;
    else found.push({ wire, text: wire ? text.slice(4) : text });
  }
  return found.slice(1);
}

function failed(answer) {
  return answer.status === 200 ? null : answer;
}
