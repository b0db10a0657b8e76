// Where the time of a session went, in one line: waiting, transfer, refusals, what pop3spy did.

import { html } from "./htm-preact.js";

const WIDTH = 1000;
const LEAST = 5;
const SLOW = 3;

// *parts* are [asked, answered, over, how] in seconds; what is not over lasts until *now*.
export function Strip({ parts, from, to, now }) {
  const scale = WIDTH / Math.max(to - from, 0.001);
  const at = (time) => Math.max(0, Math.min(WIDTH, (time - from) * scale));
  const paths = { wait: "", xfer: "", slow: "", own: "", refused: "" };
  let drawn = -LEAST;
  for (const [asked, answered, over, how] of parts) {
    const start = at(asked);
    const first = at(answered ?? now);
    const last = at(over ?? now);
    if (last - drawn < LEAST && !how) continue; // nothing of it would be seen
    drawn = last;
    const slow = (answered ?? now) - asked >= SLOW;
    const kind = how === "own" ? "own" : slow ? "slow" : "wait";
    paths[kind] += box(start, Math.max(first, start + LEAST), kind === "own" ? 0 : 3);
    if (last - first >= LEAST) paths.xfer += box(first, last, 3);
    if (how === "refused") paths.refused += box(first, first + LEAST, 0);
  }
  return html`<svg class="strip" viewBox="0 0 ${WIDTH} 16" preserveAspectRatio="none" aria-hidden="true">
    <path class="life" d="M0 8H${WIDTH}" />
    ${Object.entries(paths).map(([kind, d]) => d && html`<path class=${kind} d=${d} />`)}
  </svg>`;
}

function box(from, to, edge) {
  return `M${Math.round(from)} ${edge}h${Math.max(1, Math.round(to - from))}v${16 - 2 * edge}h${-Math.max(1, Math.round(to - from))}z`;
}
