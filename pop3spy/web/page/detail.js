// One exchange: the body, its octets, its times, and itself as lines to paste.

import { html, useEffect, useState } from "./htm-preact.js";
import { get } from "./ask.js";
import { Wire, count, reply, seconds } from "./words.js";

const TABS = { text: "Text", octets: "Octets", times: "Times" };

export function Detail({ one, close }) {
  const [tab, turn] = useState("text");
  const [body, take] = useState(null);
  const [said, say] = useState("");
  useEffect(() => {
    take(null);
    say("");
    if (!one.body) return undefined;
    let here = true;
    get(`/api/sessions/${one.session}/${one.number}/body`)
      .then((answer) => here && take(answer)).catch(() => here && take({ error: "it cannot be read now" }));
    return () => { here = false; };
  }, [one.session, one.number, one.body]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(lines(one, body));
      say("copied");
    } catch {
      say("the browser does not let it be copied");
    }
  };
  return html`<section class="detail" aria-labelledby="detail-head">
    <h2 id="detail-head"><span>No. ${one.number}, <${Wire} text=${one.line} /></span>
      <span class="tabs">${Object.entries(TABS).map(([name, word]) => html`<button type="button"
        aria-pressed=${tab === name} onClick=${() => turn(name)}>${word}</button>`)}
      <button type="button" onClick=${copy}>Copy as C: and S: lines</button>
      <button type="button" onClick=${close} aria-label="Close this exchange">×</button></span></h2>
    <p class="quiet" role="status">${said}</p>
    ${tab === "times" ? html`<${Times} one=${one} />` : html`<${Body} one=${one} body=${body} octets=${tab === "octets"} />`}
  </section>`;
}

function Body({ one, body, octets }) {
  const answer = reply(one);
  if (!one.body) {
    return html`<pre class="mono" tabindex="0" role="region" aria-label="Reply to no. ${one.number}"><${Wire}
      text=${answer ?? (one.due ? "No reply yet." : "No reply.")} /></pre>
      ${one.octets !== null && html`<p class="quiet">${count(one.octets)} octets; nothing of them is kept here.</p>`}`;
  }
  if (!body) return html`<p class="quiet">…</p>`;
  if (body.error) return html`<p class="error">${body.error}</p>`;
  const more = one.octets - body.kept;
  return html`<pre class="mono" tabindex="0" role="region" aria-label="Body of no. ${one.number}"><bdi dir="ltr">${
    octets ? dump(body.hex) : body.text}</bdi></pre>
    ${more > 0 && html`<p class="quiet">… ${count(more)} more octets; the first ${count(body.kept)} are kept here.</p>`}`;
}

function Times({ one }) {
  const told = [
    ["asked", seconds(one.asked_at)],
    ["waited", one.latency === null ? "no reply" : seconds(one.latency)],
    ["transfer", one.duration === null ? "" : seconds(Math.max(0, one.duration - one.latency))],
    ["state before", one.state_before],
    ["state after", one.state_after],
    ["octets on the wire", one.octets === null ? "" : count(one.octets)],
    ["octets of content", one.size === null ? "" : count(one.size)],
  ];
  return html`<dl class="times">${told.filter(([, value]) => value).map(([name, value]) =>
    html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function dump(hex) {
  const rows = [];
  for (let at = 0; at < hex.length; at += 32) {
    const octets = hex.slice(at, at + 32).match(/../g);
    const text = octets.map((octet) => {
      const code = parseInt(octet, 16);
      return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ".";
    });
    rows.push(`${(at / 2).toString(16).padStart(6, "0")}  ${octets.join(" ").padEnd(47)}  ${text.join("")}`);
  }
  return rows.join("\n");
}

function lines(one, body) {
  const answer = reply(one);
  const more = body && body.text ? body.text.replace(/\n$/, "").split("\n").map((line) => `S: ${line}`) : [];
  const rest = body && one.octets > body.kept ? [`S: … ${count(one.octets - body.kept)} more octets`] : [];
  const end = more.length ? [...more, ...rest, "S: ."] : [];
  return [`C: ${one.line}`, ...(answer === null ? [] : [`S: ${answer}`]), ...end].join("\n");
}
