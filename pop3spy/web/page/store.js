// What the page knows: sessions, what was said in those that were looked at, findings, what is set.
//
// Rules: 1. what is told of an exchange replaces what was told before, and is never changed, so a
// row is drawn anew only if it is another; 2. what is kept has a bound, however long a page is open.

import { get } from "./ask.js";

const FINDINGS = 200;
const EXCHANGES = 1000; // of a session, as many as the proxy remembers
const SESSIONS = 600; // of which those that are over go, the oldest first
const DETAILS = 20; // sessions of which is kept what was said
const AGAIN = 250; // milliseconds before a session is asked for once more

export class Store {
  constructor() {
    this.about = null; // the snapshot that the page began with
    this.connection = "connecting"; // live, reconnecting, stopped, or locked: see why
    this.why = "";
    this.sessions = new Map();
    this.details = new Map();
    this.loading = new Map(); // sessions that are asked for, and whether to ask once more
    this.findings = [];
    this.notes = [];
    this.control = { control: false, hold: null, held: [], faults: [] };
    this.counts = { open: 0, ended: 0, forgotten: 0 };
    this.last = "";
    this.version = 0;
    this.listeners = new Set();
    this.drawing = false;
    this.begun = performance.now();
  }

  // -- time --------------------------------------------------------------------------------------

  // Seconds since the proxy's clock started, by this machine's.
  now() {
    const passed = this.about && this.about.live ? (performance.now() - this.begun) / 1000 : 0;
    return (this.about ? this.about.now : 0) + passed;
  }

  // -- what is told --------------------------------------------------------------------------------

  take(name, data, id) {
    this.last = id || this.last;
    const number = place(this.last);
    if (name === "reset") this.reset(data);
    else if (name === "session") this.session(data);
    else if (name === "exchange") this.exchange(data, number);
    else if (name === "mark") this.mark(data);
    else if (name === "finding") this.finding(data);
    else if (name === "note") this.notes = [...this.notes, data].slice(-100);
    else if (name === "control") this.control = data;
    else if (name === "more") this.more(data.session);
    else if (name === "stopped") this.connection = "stopped";
    this.changed();
  }

  reset(all) {
    this.about = all;
    this.begun = performance.now();
    this.sessions = new Map(all.sessions.map((each) => [each.session, each]));
    this.findings = all.findings;
    this.notes = all.notes;
    this.control = all.control;
    this.counts = all.counts;
    this.connection = "live";
    for (const number of this.details.keys()) this.load(number);
  }

  session(one) {
    const { counts, ...summary } = one;
    this.counts = counts;
    this.sessions.set(summary.session, summary);
    if (this.sessions.size > SESSIONS) this.forget();
    const detail = this.details.get(summary.session);
    if (detail && summary.ending && !detail.verdict) this.load(summary.session);
  }

  exchange(one, told) {
    this.amend(one.session, (detail) => {
      const { exchanges, told: times } = detail;
      exchanges.set(one.number, one);
      times.set(one.number, told);
      const first = exchanges.keys().next().value;
      if (exchanges.size > EXCHANGES) {
        exchanges.delete(first);
        times.delete(first);
      }
      const earlier = exchanges.size < EXCHANGES ? detail.earlier : Math.max(detail.earlier, first);
      return { ...detail, earlier, grown: detail.grown + 1 };
    });
  }

  // Of a session that nobody has looked at, nothing is missing.
  more(number) {
    if (this.details.has(number)) this.load(number);
  }

  mark(one) {
    this.amend(one.session, (detail) => {
      detail.marks.set(one.number, one);
      return { ...detail, grown: detail.grown + 1 };
    });
  }

  finding(one) {
    const same = (each) => each.session === one.session && each.id === one.id;
    this.findings = [one, ...this.findings.filter((each) => !same(each))].slice(0, FINDINGS);
  }

  // -- what was said in a session --------------------------------------------------------------------

  amend(number, how) {
    const detail = this.details.get(number);
    if (detail) this.details.set(number, how(detail));
  }

  // Forget sessions that are over, the oldest first, down to two thirds.
  forget() {
    const over = [...this.sessions.values()].filter((one) => one.ending).map((one) => one.session);
    over.sort((one, other) => one - other);
    for (const number of over.slice(0, this.sessions.size - (2 * SESSIONS) / 3)) {
      this.sessions.delete(number);
      this.details.delete(number);
    }
  }

  // Ask for all of a session; what was told of an exchange since is newer and stays.
  async load(number) {
    if (!this.details.has(number)) {
      this.details.set(number, empty());
      if (this.details.size > DETAILS) this.details.delete(this.details.keys().next().value);
    }
    if (this.loading.has(number)) {
      this.loading.set(number, true); // once more, when this has come
      return;
    }
    this.loading.set(number, false);
    let answer;
    try {
      answer = await get(`/api/sessions/${number}`);
    } catch {
      answer = { status: 0 };
    }
    this.amend(number, (detail) => this.loaded(detail, answer));
    if (answer.session) this.sessions.set(number, answer.session);
    this.changed();
    const again = this.loading.get(number);
    this.loading.delete(number);
    if (again) setTimeout(() => this.load(number), AGAIN);
  }

  loaded(detail, answer) {
    if (answer.status !== 200) return { ...detail, gone: answer.error || "it cannot be read now" };
    const asked = place(answer.id);
    const exchanges = new Map(answer.exchanges.map((each) => [each.number, each]));
    const first = exchanges.keys().next().value || 0;
    for (const [number, told] of detail.told) {
      if (number >= first && (told > asked || !exchanges.has(number))) exchanges.set(number, detail.exchanges.get(number));
    }
    const marks = new Map([...answer.marks.map((each) => [each.number, each]), ...detail.marks]);
    const { earlier, verdict, findings } = answer;
    return { ...detail, gone: "", exchanges: sorted(exchanges), marks, earlier, verdict, findings, grown: detail.grown + 1 };
  }

  // -- who looks -----------------------------------------------------------------------------------

  changed() {
    this.version += 1;
    if (this.drawing) return;
    this.drawing = true;
    const draw = () => {
      this.drawing = false;
      for (const listener of this.listeners) listener();
    };
    if (document.hidden) setTimeout(draw, 500);
    else requestAnimationFrame(draw);
  }
}

function empty() {
  return {
    exchanges: new Map(), told: new Map(), marks: new Map(), findings: [],
    earlier: 0, verdict: null, grown: 0, gone: "",
  };
}

function place(id) {
  return Number(id.split(".")[1] || 0);
}

function sorted(map) {
  return new Map([...map].sort((one, other) => one[0] - other[0]));
}
