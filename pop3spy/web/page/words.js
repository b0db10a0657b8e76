// Numbers, times and wire lines as people read them.

import { html } from "./htm-preact.js";

export const MASK = "█".repeat(8);

const COUNT = new Intl.NumberFormat("en");

export function count(number) {
  return COUNT.format(number);
}

export function counted(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

export function seconds(time) {
  if (time === null || time === undefined) return "";
  if (time < 0.00995) return `${(time * 1000).toFixed(1)} ms`;
  if (time < 0.9995) return `${(time * 1000).toFixed(0)} ms`;
  if (time < 59.995) return `${time.toFixed(2)} s`;
  const whole = Math.round(time);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${count(Math.floor(whole / 3600))} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function ago(time) {
  if (time < 1.5) return "now";
  if (time < 60) return `${Math.floor(time)} s ago`;
  if (time < 3600) return `${Math.floor(time / 60)} min ago`;
  return `${Math.floor(time / 3600)} h ago`;
}

// The time of day at which something happened, as this machine has it.
export function clock(started, at) {
  const when = new Date(Date.parse(started) + at * 1000);
  return when.toLocaleTimeString("en-GB");
}

// A line of the wire, in which what is hidden is told to be hidden.
export function Wire({ text }) {
  const parts = text.split(MASK);
  return html`<bdi class="wire" dir="ltr">${parts.map((part, place) => html`${
    place ? html`<i class="mask"><span class="hidden">hidden</span><span aria-hidden="true">${MASK}</span></i>` : null
  }${part}`)}</bdi>`;
}

export function reply(exchange) {
  if (exchange.ok === null) return exchange.odd;
  return `${exchange.ok ? "+OK" : "-ERR"}${exchange.text ? ` ${exchange.text}` : ""}`;
}
