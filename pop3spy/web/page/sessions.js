// The list of sessions: those that are open first, then the last that are not.

import { html } from "./htm-preact.js";
import { Strip } from "./strip.js";
import { count, counted, seconds } from "./words.js";

const KINDS = {
  all: ["all", () => true],
  open: ["running", (one) => !one.ending],
  ended: ["ended", (one) => one.ending],
  found: ["with findings", (one) => one.worst === "error" || one.worst === "warning"],
};

export function SessionList({ store, view, set, older }) {
  const all = shown(store, view.kind);
  const open = all.filter((one) => !one.ending);
  const ended = all.filter((one) => one.ending);
  const rows = (list) => list.map((one) => html`<${Row} key=${one.session} one=${one} store=${store}
    selected=${one.session === view.session} now=${one.ending ? 0 : Math.floor(store.now())} />`);
  const known = store.sessions.size;
  const more = store.counts.open + store.counts.ended - store.counts.forgotten - known;
  return html`<nav class="list" aria-label="Sessions" tabindex="-1">
    <h2>Sessions
      <label class="choice">show <select value=${view.kind} onChange=${(e) => set({ kind: e.target.value })}>
        ${Object.entries(KINDS).map(([name, [word]]) => html`<option value=${name}>${word}</option>`)}
      </select></label>
    </h2>
    <p class="choice under"><label><input type="checkbox" checked=${view.newest}
      onChange=${(e) => set({ newest: e.target.checked })} /> follow the newest</label></p>
    ${all.length === 0 && html`<p class="quiet">${known ? "None of that kind." : nobody(store)}</p>`}
    ${open.length > 0 && html`<ol aria-label="Running">${rows(open)}</ol>`}
    ${ended.length > 0 && html`<h3 class="apart">ended</h3><ol aria-label="Ended">${rows(ended)}</ol>`}
    ${more > 0 && html`<p class="quiet"><button type="button" onClick=${older}>${counted(more, "more session")}</button></p>`}
    ${store.counts.forgotten > 0 && html`<p class="quiet">${count(store.counts.forgotten)} earlier ones are
      no longer kept here; a recording has them.</p>`}
  </nav>`;
}

// The sessions of a kind, in the order of the list.
export function shown(store, kind) {
  const wanted = KINDS[kind][1];
  const all = [...store.sessions.values()].filter(wanted);
  all.sort((one, other) => Boolean(one.ending) - Boolean(other.ending) || other.session - one.session);
  return all;
}

function Row({ one, store, selected, now }) {
  const held = store.control.held.filter((each) => each.session === one.session).length;
  const end = one.ended_at ?? Math.max(now, one.opened_at);
  const lasted = seconds(Math.max(0, end - one.opened_at));
  const parts = one.strip;
  const from = parts.length ? Math.min(one.opened_at, parts[0][0]) : one.opened_at;
  return html`<li aria-current=${selected ? "true" : null}>
    <a href="#s${one.session}">
      <b>s${one.session}</b> <bdi class="who">${one.user || "—"}</bdi>
      <span class="state">${one.ending || one.state}</span>
      <span class="from">${one.client.replace(/:\d+$/, "")} · ${lasted}${one.tls.length ? " · TLS" : ""}</span>
      <${Tag} one=${one} held=${held} />
      <${Strip} parts=${parts} from=${from} to=${end} now=${end} />
    </a>
  </li>`;
}

function Tag({ one, held }) {
  if (held) return html`<span class="tag own">${count(held)} held</span>`;
  if (one.blind) return html`<span class="tag error">not read</span>`;
  if (!one.worst) return null;
  return html`<span class="tag ${one.worst}">${counted(one.findings, one.worst === "info" ? "note" : "finding")}</span>`;
}

function nobody(store) {
  if (!store.about) return "…";
  return store.about.live ? "Nobody has connected yet." : "There is no session in it.";
}
