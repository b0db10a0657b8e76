// What the page knows: sessions, what was said in those that were looked at, findings, what is set.
//
// Everything is replaced and never changed in place, so a row is drawn anew only if it is another.

import { get } from "./ask.js";

const FINDINGS = 200;
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
    else if (name === "more") this.load(data.session);
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
    this.sessions = new Map(this.sessions).set(summary.session, summary);
    const detail = this.details.get(summary.session);
    if (detail && summary.ending && !detail.verdict) this.load(summary.session);
  }

  exchange(one, told) {
    this.amend(one.session, (detail) => {
      const exchanges = new Map(detail.exchanges).set(one.number, one);
      const times = new Map(detail.told).set(one.number, told);
      return { ...detail, exchanges, told: times, grown: detail.grown + 1 };
    });
  }

  mark(one) {
    this.amend(one.session, (detail) => ({ ...detail, marks: new Map(detail.marks).set(one.number, one) }));
  }

  finding(one) {
    const same = (each) => each.session === one.session && each.id === one.id;
    this.findings = [one, ...this.findings.filter((each) => !same(each))].slice(0, FINDINGS);
  }

  // -- what was said in a session --------------------------------------------------------------------

  amend(number, how) {
    const detail = this.details.get(number);
    if (detail) this.details = new Map(this.details).set(number, how(detail));
  }

  // Ask for all of a session; what was told of an exchange since is newer and stays.
  async load(number) {
    if (!this.details.has(number)) this.details = new Map(this.details).set(number, empty());
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
    if (answer.session) this.sessions = new Map(this.sessions).set(number, answer.session);
    this.changed();
    const again = this.loading.get(number);
    this.loading.delete(number);
    if (again) setTimeout(() => this.load(number), AGAIN);
  }

  loaded(detail, answer) {
    if (answer.status !== 200) return { ...detail, gone: answer.error || "it cannot be read now" };
    const asked = place(answer.id);
    const exchanges = new Map(answer.exchanges.map((each) => [each.number, each]));
    for (const [number, told] of detail.told) {
      if (told > asked || !exchanges.has(number)) exchanges.set(number, detail.exchanges.get(number));
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
