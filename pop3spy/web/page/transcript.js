// What was said in a session, an exchange a row, with what happened between them.

import { Component, html } from "./htm-preact.js";
import { Desk } from "./desk.js";
import { Strip } from "./strip.js";
import { Wire, count, reply, seconds } from "./words.js";

// The rows of a session, in order: marks stand behind the exchange that they came after.
export function rows(detail, matching) {
  const wanted = matching && new Set(matching);
  const marks = new Map();
  for (const mark of detail.marks.values()) {
    marks.set(mark.after, [...(marks.get(mark.after) || []), mark]);
  }
  const found = wanted ? [] : [...(marks.get(0) || [])];
  for (const exchange of detail.exchanges.values()) {
    if (wanted && !wanted.has(exchange.number)) continue;
    found.push(exchange);
    if (!wanted) found.push(...(marks.get(exchange.number) || []));
  }
  return found;
}

const MOST = 250; // rows that are drawn, unless somebody asks for more

export function Transcript({ store, session, detail, matching, view, set, live }) {
  const every = rows(detail, matching);
  const chosen = view.exchange ? every.findIndex((one) => !one.kind && one.number === view.exchange) : -1;
  const last = Math.max(0, every.length - (view.rows || MOST));
  const left = chosen < 0 ? last : Math.max(0, Math.min(last, chosen - 5));
  const all = every.slice(left);
  const held = new Map(store.control.held.filter((one) => one.session === session.session)
    .map((one) => [one.exchange, one]));
  const end = session.ended_at ?? store.now();
  const from = session.opened_at;
  return html`<table class="transcript">
    <caption class="hidden">What was said in session ${session.session}</caption>
    <thead><tr><th scope="col" class="n">No.</th><th scope="col" class="n">s</th><th scope="col">State</th>
      <th scope="col">Client</th><th scope="col">Server</th><th scope="col" class="n">Wait</th>
      <th scope="col" class="n">Octets</th><th scope="col" class="when">When</th></tr></thead>
    <tbody>
      ${detail.earlier > 0 && !matching && html`<tr class="between"><td colspan="8">${count(detail.earlier)} earlier
        exchanges are no longer kept here; a recording has them.</td></tr>`}
      ${left > 0 && html`<tr class="between"><td colspan="8"><button type="button"
        onClick=${() => set({ rows: all.length + 4 * MOST })}>${count(left)} earlier rows</button></td></tr>`}
      ${all.map((one) => one.kind
        ? html`<${MarkRow} key="m${one.number}" mark=${one} from=${from} />`
        : html`<${Row} key=${one.number} exchange=${one} from=${from} to=${one.due ? end : 0}
            span=${Math.max(end - from, 0.001) > 1 ? Math.ceil(end - from) : end - from}
            selected=${view.exchange === one.number} held=${held.get(one.number)} set=${set}
            now=${held.has(one.number) ? Math.floor(store.now() * 10) : 0} live=${live} store=${store} />`)}
    </tbody>
  </table>`;
}

function MarkRow({ mark, from }) {
  return html`<tr class="between ${mark.kind}">
    <td class="n"></td><td class="n">${(mark.at - from).toFixed(3)}</td><td></td>
    <td colspan="5">${mark.side && html`<span class="side">${mark.side}:</span> `}<${Wire} text=${mark.text} /></td>
  </tr>`;
}

class Row extends Component {
  shouldComponentUpdate(next) {
    const { props } = this;
    return Object.keys(next).some((name) => name !== "set" && next[name] !== props[name]);
  }

  render({ exchange: one, from, to, span, selected, held, set, live, store }) {
    const worst = ["error", "warning", "info"].find((each) => one.findings.some((f) => f.severity === each));
    const own = one.deeds.length > 0 || one.injected;
    const classes = [one.ok === false && "refused", worst && `hit ${worst}`, own && "own", held && "held",
      selected && "selected"].filter(Boolean).join(" ");
    const end = one.ended_at ?? (to || one.answered_at || one.asked_at);
    const went = own ? "own" : one.ok === false ? "refused" : "";
    return html`<tr class=${classes} id="e${one.number}" aria-current=${selected ? "true" : null}
        onClick=${() => set({ exchange: one.number })}>
      <td class="n"><a href="#s${one.session}-${one.number}">${one.number}</a></td>
      <td class="n">${(one.asked_at - from).toFixed(3)}</td>
      <td class="state">${one.state_before}</td>
      <td class="said C"><${Said} one=${one} /></td>
      ${held ? html`<td colspan="3"><${Desk} ticket=${held} live=${live} store=${store} /></td>` : html`
        <td class="said ${one.ok === false ? "bad" : "S"}"><${Heard} one=${one} /></td>
        <td class="n wait">${one.latency === null ? (one.due ? "…" : "—") : seconds(one.latency)}</td>
        <td class="n octets">${one.octets === null ? "" : count(one.octets)}</td>`}
      <td class="when"><${Strip} parts=${[[one.asked_at, one.answered_at, one.ended_at ?? (one.due ? null : end), went]]}
        from=${from} to=${from + span} now=${to || end} /></td>
    </tr>`;
  }
}

function Said({ one }) {
  const mark = one.injected ? html`<span class="tag own">said by pop3spy</span> ` : null;
  const sent = one.sent ? html`<span class="instead">heard by the server: <${Wire} text=${one.sent} /></span>` : null;
  return html`${mark}<${Wire} text=${one.line} />${one.pipelined && html` <span class="aside">pipelined</span>`}${sent}`;
}

function Heard({ one }) {
  const answer = reply(one);
  const told = one.deeds.some((deed) => deed.lines.some(([side, line]) => side === "S" && line === answer));
  const text = told ? null : answer;
  const facts = [];
  if (one.lines !== null) facts.push(`${count(one.lines)} line${one.lines === 1 ? "" : "s"}`);
  else if (one.size !== null) facts.push("message");
  if (!one.complete && one.ok !== null && !one.due) facts.push("broken off");
  const nothing = told ? "" : one.due ? "waiting for the reply" : one.sent === "" ? "" : "no reply";
  return html`
    ${one.deeds.map((deed) => html`<span class="deed">◆ ${deed.text}${deed.lines.map(([side, line]) =>
      html` <span class="through ${line.startsWith("-ERR") ? "bad" : ""}">${side}» <${Wire} text=${line} /></span>`)}</span>`)}
    ${text !== null ? html`<${Wire} text=${text} />` : nothing && html`<span class="aside">${nothing}</span>`}
    ${facts.length > 0 && html` <span class="aside">▸ ${facts.join(", ")}</span>`}
    ${one.findings.map((found) => html`<span class="finding ${found.severity}">${found.id}: ${found.text}</span>`)}`;
}
