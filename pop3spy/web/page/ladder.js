// Who said what to whom, in which state, and who kept whom waiting: client, pop3spy, server.

import { html } from "./htm-preact.js";
import { rows } from "./transcript.js";
import { Wire, count, reply, seconds } from "./words.js";

const MOST = 120; // rows that are drawn; of longer sessions the last ones
const WAITS = [0.1, 0.3, 1, 3, 10, 30, 100]; // seconds from which on a wait is a step higher
const IN = new Set(["TRANSACTION", "UPDATE"]);

export function Ladder({ store, session, detail, matching, view, set }) {
  const all = folded(rows(detail, matching));
  const left = Math.max(0, all.length - MOST);
  const held = new Set(store.control.held.filter((one) => one.session === session.session).map((one) => one.exchange));
  let state = "";
  let tls = false;
  return html`<div class="ladder" role="list" aria-label="Ladder of session ${session.session}">
    <div class="heads" role="listitem"><span class="client">client <bdi>${session.client}</bdi></span>
      <span class="spy">pop3spy</span><span class="server">server <bdi>${session.server}</bdi></span></div>
    ${left > 0 && html`<p class="quiet" role="listitem">${count(left)} earlier rows are in the transcript.</p>`}
    ${all.slice(left).map((one) => {
      if (one.kind === "tls") tls = true;
      const told = one.kind ? "" : one.state_before;
      const first = told && told !== state ? told : "";
      state = told || state;
      const line = `${tls ? "sealed " : ""}${IN.has(state) ? "in" : "before"}`;
      if (one.kind) return html`<${Between} key="m${one.number}" mark=${one} line=${line} from=${session.opened_at} />`;
      return html`<${Rung} key=${one.number} one=${one} line=${line} state=${first} from=${session.opened_at}
        selected=${view.exchange === one.number} held=${held.has(one.number)} set=${set} />`;
    })}
    ${session.ending && html`<div class="rung end ${session.ending === "quit" ? "" : "broken"}" role="listitem">
      <span class="at">${((session.ended_at ?? 0) - session.opened_at).toFixed(3)}</span><span class="state"></span>
      <span class="lines"><b>${session.ending}</b>${session.why && ` (${session.why})`}</span></div>`}
  </div>`;
}

// Many exchanges in a row that are alike and of which nothing else is to be told are one.
function folded(all) {
  const found = [];
  for (const one of all) {
    const last = found[found.length - 1];
    if (last && alike(last, one)) {
      found[found.length - 1] = { ...one, run: (last.run || 1) + 1, since: last.since ?? last.asked_at };
    } else {
      found.push(one);
    }
  }
  return found.map((one) => (one.run === 2 ? { ...one } : one));
}

function alike(last, one) {
  const plain = (each) => !each.kind && each.ok && each.complete && !each.deeds.length && !each.findings.length
    && !each.injected && each.latency < WAITS[0] && each.state_before === each.state_after;
  return plain(last) && plain(one) && last.verb && last.verb === one.verb;
}

function Rung({ one, line, state, from, selected, held, set }) {
  const wait = one.latency === null ? 0 : one.latency;
  const step = WAITS.filter((least) => wait >= least).length;
  const stops = held || one.sent === "";
  const answer = reply(one);
  const own = one.deeds.some((deed) => deed.lines.some(([side]) => side === "S"));
  const many = one.run > 1;
  return html`<div class="rung ${selected ? "selected" : ""}" role="listitem">
    <span class="at">${((one.since ?? one.asked_at) - from).toFixed(3)}</span>
    <span class="state">${state}</span>
    <span class="lines ${line}">
      <span class="arrow command ${stops ? "stops" : ""} ${one.injected ? "injected" : ""}">
        <a href="#s${one.session}-${one.number}" onClick=${() => set({ exchange: one.number })}>${
          many ? `${count(one.run)} × ${one.verb}` : html`<${Wire} text=${one.line} />`}</a></span>
      ${one.sent && html`<span class="arrow command changed"><${Wire} text=${one.sent} /></span>`}
      ${step > 0 && html`<span class="waits h${step} ${step > 4 ? "slow" : ""}">${stops ? "held" : "waited"} ${seconds(wait)}</span>`}
      ${answer !== null && html`<span class="arrow reply ${one.ok === false ? "refused" : ""} ${one.complete || one.due ? "" : "broken"}
        ${own && stops ? "stops" : ""}">${many ? "+OK each" : html`<${Wire} text=${answer} />`}${
        one.octets !== null && !many ? html` <span class="aside">${count(one.octets)} octets${one.duration - wait > WAITS[0]
          ? ` in ${seconds(one.duration - wait)}` : ""}</span>` : null}</span>`}
      ${answer === null && html`<span class="nothing">${held ? "held by pop3spy" : one.due ? "no reply yet" : "no reply"}</span>`}
    </span>
    <span class="beside">
      ${one.deeds.map((deed) => html`<span class="deed">◆ ${deed.text}</span>`)}
      ${one.findings.map((found) => html`<span class="finding ${found.severity}">${found.id}</span>`)}
    </span>
  </div>`;
}

function Between({ mark, line, from }) {
  return html`<div class="rung mark ${mark.kind}" role="listitem"><span class="at">${(mark.at - from).toFixed(3)}</span>
    <span class="state"></span><span class="lines ${line}"><span class="${mark.kind === "greeting" ? "arrow reply" : "told"}">${
    mark.side && mark.kind !== "greeting" ? `${mark.side}: ` : ""}<${Wire} text=${mark.text} /></span></span></div>`;
}
