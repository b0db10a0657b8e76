// The page: sessions, what was said in one of them, what is set and what was found.

import { html, render, useEffect, useRef, useState } from "./htm-preact.js";
import { act, get } from "./ask.js";
import { Aside } from "./aside.js";
import { Detail } from "./detail.js";
import { Dialog } from "./dialogs.js";
import { Field } from "./field.js";
import { listenToKeys } from "./keys.js";
import { Ladder } from "./ladder.js";
import { Save } from "./save.js";
import { SessionList, shown } from "./sessions.js";
import { Statistics } from "./statistics.js";
import { Store } from "./store.js";
import { begin } from "./stream.js";
import { Header } from "./top.js";
import { Transcript } from "./transcript.js";
import { count } from "./words.js";

const VIEWS = { transcript: ["Transcript", "t"], ladder: ["Ladder", "l"], statistics: ["Statistics", "s"] };
const NEAR = 60; // pixels from the end that count as its sight

const store = new Store();

function place() {
  const found = /^#s(\d+)(?:-(\d+))?$/.exec(location.hash);
  return found ? { session: Number(found[1]), exchange: found[2] ? Number(found[2]) : null } : null;
}

function App() {
  const [, redraw] = useState(0);
  const [view, put] = useState({
    session: null, exchange: null, kind: "all", newest: !place(), everywhere: true, shows: "transcript",
    filter: "", follow: true, dialog: "", rows: 0, ...place(),
  });
  const latest = useRef(view);
  latest.current = view;
  const set = (more) => put((before) => ({ ...before, ...more }));

  useEffect(() => {
    const draw = () => redraw(store.version);
    store.listeners.add(draw);
    const timer = setInterval(() => store.connection === "live" && store.changed(), 1000);
    const moved = () => place() && set({ ...place(), newest: false });
    addEventListener("hashchange", moved);
    const quiet = listenToKeys({ store, set, view: () => latest.current, choose });
    return () => {
      store.listeners.delete(draw);
      clearInterval(timer);
      removeEventListener("hashchange", moved);
      quiet();
    };
  }, []);

  const choose = (session, exchange = null) => {
    history.replaceState(null, "", `#s${session}${exchange ? `-${exchange}` : ""}`);
    set({ session, exchange });
  };
  const wanted = (store.control.held[0] || shown(store, view.kind)[0] || {}).session; // who is held, waits
  useEffect(() => {
    if (wanted && (view.newest || view.session === null)) set({ session: wanted, exchange: null });
  }, [wanted, view.newest]);
  useEffect(() => {
    if (view.session !== null && !store.details.has(view.session)) store.load(view.session);
    set({ rows: 0 });
  }, [view.session]);
  const held = store.control.held.length;
  useEffect(() => {
    document.title = `${held ? `${count(held)} held · ` : ""}pop3spy`;
  }, [held]);

  const older = async () => {
    const oldest = Math.min(...store.sessions.keys());
    const answer = await get(`/api/sessions?before=${oldest}`).catch(() => ({}));
    for (const one of answer.sessions || []) store.sessions.set(one.session, one);
    store.changed();
  };
  if (store.connection === "locked") return html`<${Locked} />`;
  const live = store.connection === "live" && Boolean(store.about) && store.about.live;
  return html`<a class="skip" href="#main">to what was said</a>
    <${Header} store=${store} set=${set} live=${live} />
    <div class="columns">
      <${SessionList} store=${store} view=${view} set=${set} older=${older} />
      <${Main} view=${view} set=${set} live=${live} />
      <${Aside} store=${store} view=${view} set=${set} live=${live} />
    </div>
    <footer><button type="button" onClick=${() => set({ dialog: "help" })}>Keys <kbd>?</kbd></button>
      <span class="quiet">${store.control.control
        ? "Everything here can be typed in the terminal as well; each act is in the log and in the recording."
        : store.about && !store.about.live ? "A recording is read and never changed."
        : "This page looks and does nothing; --web-control lets it act."}</span></footer>
    ${view.dialog && html`<${Dialog} key=${view.dialog} name=${view.dialog} store=${store} session=${view.session} close=${() => set({ dialog: "" })} />`}`;
}

function Main({ view, set, live }) {
  const session = store.sessions.get(view.session);
  const detail = store.details.get(view.session);
  const [matching, meant] = useState(null);
  const scrolled = useRef(null);
  const [below, behind] = useState(0);
  const grown = detail ? detail.grown : 0;

  useEffect(() => {
    if (!view.filter || view.session === null) return meant(null);
    const path = `/api/sessions/${view.session}?from=999999999&filter=${encodeURIComponent(view.filter)}`;
    const timer = setTimeout(() => get(path).then((answer) => meant(answer.matching || null)).catch(() => {}), 150);
    return () => clearTimeout(timer);
  }, [view.filter, view.session, grown]);

  const total = detail ? detail.exchanges.size : 0;
  const last = detail ? Math.max(0, ...detail.exchanges.keys()) : 0;
  const seen = useRef(0); // the last exchange that was in sight
  useEffect(() => {
    const pane = scrolled.current;
    if (!pane || view.exchange || view.shows === "statistics") return;
    if (view.follow) {
      pane.scrollTop = pane.scrollHeight;
      seen.current = last;
    }
    behind(Math.max(0, last - seen.current));
  }, [last, view.follow, view.shows]);
  useEffect(() => {
    seen.current = last;
    behind(0);
  }, [view.session]);
  useEffect(() => {
    const row = view.exchange && document.getElementById(`e${view.exchange}`);
    if (row) row.scrollIntoView({ block: "nearest" });
  }, [view.exchange, view.session]);
  const scroll = (event) => {
    const pane = event.target;
    const near = pane.scrollHeight - pane.scrollTop - pane.clientHeight < NEAR;
    if (near !== view.follow) set({ follow: near });
  };
  const chosen = detail && view.exchange ? detail.exchanges.get(view.exchange) : null;
  const shownRows = matching ? matching.length : total;
  return html`<main id="main" tabindex="-1">
    <div class="filter" role="search">
      <${Field} id="filter" label="Show" kind="filter" value=${view.filter} change=${(filter) => set({ filter })}
        placeholder="verb = RETR and err" />
      <span class="quiet" role="status">${session ? `${count(shownRows)} of ${count(total)} exchanges` : ""}</span>
      <span class="tabs" role="group" aria-label="View">${Object.entries(VIEWS).map(([name, [word]]) =>
        html`<button type="button" aria-pressed=${view.shows === name} onClick=${() => set({ shows: name })}>${word}</button>`)}</span>
      <label class="choice"><input type="checkbox" checked=${view.follow}
        onChange=${(e) => set({ follow: e.target.checked })} /> follow</label>
      ${store.about && session && html`<${Save} store=${store} session=${session} />`}
    </div>
    <div class="pane" ref=${scrolled} onScroll=${scroll} tabindex="0" role="region"
        aria-label=${view.shows === "statistics" ? "Statistics of commands" : "What was said"}>
      ${view.shows === "statistics" && html`<${Statistics} session=${view.session} live=${live} />`}
      ${view.shows !== "statistics" && !session && html`<${Nothing} />`}
      ${view.shows !== "statistics" && session && detail && html`
        ${detail.gone && html`<p class="error">${detail.gone}</p>`}
        ${detail.verdict && html`<p class="verdict">${detail.verdict}</p>`}
        <${view.shows === "ladder" ? Ladder : Transcript} store=${store} session=${session} detail=${detail}
          matching=${matching} view=${view} set=${set} live=${live} />`}
    </div>
    ${below > 0 && !view.follow && html`<button type="button" class="below" onClick=${() => {
      scrolled.current.scrollTop = scrolled.current.scrollHeight;
      set({ follow: true });
    }}>${count(below)} new below</button>`}
    ${chosen && html`<${Detail} one=${chosen} close=${() => set({ exchange: null })} />`}
    ${store.control.control && session && !session.ending && html`<${Say} session=${session} live=${live} set=${set} />`}
  </main>`;
}

function Say({ session, live, set }) {
  const held = store.control.held.find((one) => one.session === session.session);
  const done = async (text) => {
    const answer = await act("send", { session: session.session, text });
    return answer.status === 200 ? null : answer;
  };
  return html`<div class="say"><${Field} id="say" label="Say to the server" kind="line" value="" button="Send" done=${done}
      disabled=${!live} placeholder="NOOP" />
    <p class="quiet">in s${session.session}; the client hears nothing of it.${held
      ? ` It waits while ${held.line} is held.` : ""}</p>
    <button type="button" disabled=${!live} onClick=${() => set({ dialog: "kill" })}>End session…</button></div>`;
}

function Nothing() {
  const about = store.about;
  if (!about) return html`<p class="empty">Connecting…</p>`;
  return html`<div class="empty"><p>Nobody has connected yet.</p>
    <p>Let a mail client connect to <span class="mono">${about.title.split(" → ")[0]}</span>.</p></div>`;
}

function Locked() {
  return html`<main id="main" class="alone"><h1>pop3spy</h1><p role="alert">${store.why}</p>
    <p>The link is good once, for one browser. In the terminal, <span class="mono">:web</span> gives a new one.</p></main>`;
}

render(html`<${App} />`, document.getElementById("app"));
begin(store);
