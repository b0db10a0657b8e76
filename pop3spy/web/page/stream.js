// How the page is let in, and how it hears what changes: with a link that is good once, then events.

import { get, post } from "./ask.js";

const NAMES = ["reset", "session", "exchange", "mark", "finding", "note", "control", "more", "stopped"];
const AGAIN = 3000;

export async function begin(store) {
  await login();
  listen(store);
}

// What is behind the # is a link's token, unless it names a session.
async function login() {
  const token = location.hash.slice(1);
  if (!token || /^s\d+(-\d+)?$/.test(token)) return;
  history.replaceState(null, "", location.pathname);
  try {
    await post("/api/login", { token });
  } catch {
    // the events will tell
  }
}

function listen(store) {
  const since = store.last ? `?since=${encodeURIComponent(store.last)}` : "";
  const source = new EventSource(`/api/events${since}`);
  for (const name of NAMES) {
    source.addEventListener(name, (event) => {
      if (name === "stopped") source.close();
      store.take(name, JSON.parse(event.data), event.lastEventId);
    });
  }
  source.addEventListener("open", () => {
    if (store.about) store.connection = "live";
    store.changed();
  });
  source.addEventListener("error", () => {
    if (store.connection === "stopped") return;
    store.connection = "reconnecting";
    store.changed();
    if (source.readyState === EventSource.CLOSED) refused(store);
  });
}

// A browser tells no page why there are no events, so something else is asked.
async function refused(store) {
  let answer = { status: 0 };
  try {
    answer = await get("/api/control");
  } catch {
    // as it is
  }
  if (answer.status === 401) {
    store.connection = "locked";
    store.why = answer.error;
    store.changed();
    return;
  }
  if (answer.status === 200) {
    store.why = "too many pages are open; this one goes on when another is closed";
    store.changed();
  }
  setTimeout(() => listen(store), AGAIN);
}
