// A list that grows at its top, and never moves what somebody is about to click.

import { announce, el, say } from "./dom.js";

/** What a screen shows: each row costs painting at every change. The alerts page has the rest. */
export const ROWS_MAX = 40;
/** Alerts that come twice, by the stream and by the list, come close together. */
const KEYS_MAX = 10_000;
/** Four times a second is live, and leaves the machine alone. */
const FLUSH_MS = 250;
const GLOWING_MAX = 3;
const GLOW_MS = 1600;

/**
 * New rows wait behind a button while the pointer or the keyboard's focus is in the list, or it is
 * scrolled; else they come in by themselves. Each is shown once, by its key.
 */
export class LiveList {
  #waiting = [];
  #known = new Set();
  #table;
  #row;
  #key;
  #timer = 0;
  #hovered = false;

  /**
   * `made`: a table of parts.js; `row`: makes an item's row; `key`: tells items apart.
   */
  constructor(visit, made, row, key) {
    this.#table = made;
    this.#row = row;
    this.#key = key;
    this.pill = el("button", { type: "button", class: "pill", hidden: true, on: { click: (event) => this.#reveal(event.detail === 0) } });
    const scroller = made.root;
    scroller.addEventListener("pointerenter", (event) => (this.#hovered = event.pointerType === "mouse"));
    scroller.addEventListener("pointerleave", () => {
      this.#hovered = false;
      this.#later();
    });
    scroller.addEventListener("focusout", () => this.#later());
    scroller.addEventListener("scroll", () => this.#later(), { passive: true });
    visit.signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  /** Fills it anew, newest first. */
  set(items) {
    this.#waiting = [];
    this.#known = new Set(items.map(this.#key));
    this.#table.body.replaceChildren(...items.slice(0, ROWS_MAX).map((item) => this.#row(item)));
    this.#showPill();
  }

  /** A newer one. */
  add(item) {
    const key = this.#key(item);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#waiting.push(item);
    if (this.#waiting.length > KEYS_MAX) this.#waiting.splice(0, KEYS_MAX / 2);
    this.#later();
  }

  get isEmpty() {
    return this.#table.body.childElementCount === 0 && this.#waiting.length === 0;
  }

  #isHeld() {
    const scroller = this.#table.root;
    return this.#hovered
      || scroller.contains(document.activeElement)
      || scroller.scrollTop > 8
      || scroller.getBoundingClientRect().top < 0;
  }

  #later() {
    if (this.#timer !== 0 || this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => requestAnimationFrame(() => {
      this.#timer = 0;
      if (this.#isHeld()) this.#showPill();
      else this.#flush();
    }), FLUSH_MS);
  }

  #reveal(byKeyboard) {
    this.#table.root.scrollTop = 0;
    // The button goes away, and the focus must be somewhere.
    if (byKeyboard) this.#table.root.focus();
    if (this.#table.root.getBoundingClientRect().top < 0) this.#table.root.scrollIntoView();
    this.#flush();
  }

  #flush() {
    const body = this.#table.body;
    const rows = this.#waiting.slice(-ROWS_MAX).reverse().map((item) => this.#row(item));
    this.#waiting = [];
    // Where many come, a glow on each would say nothing.
    if (rows.length <= GLOWING_MAX) this.#glow(rows);
    body.prepend(...rows);
    while (body.childElementCount > ROWS_MAX) body.lastElementChild.remove();
    if (this.#known.size > KEYS_MAX) {
      this.#known = new Set([...this.#known].slice(-KEYS_MAX / 10));
    }
    this.#showPill();
    announce(rows.length + (rows.length === 1 ? " new alert" : " new alerts"));
  }

  /** A colour for a while, not an animation: that would paint the whole list sixty times a second. */
  #glow(rows) {
    rows.forEach((row) => row.classList.add("fresh"));
    setTimeout(() => requestAnimationFrame(() => rows.forEach((row) => row.classList.remove("fresh"))), GLOW_MS);
  }

  #showPill() {
    const number = this.#waiting.length;
    this.pill.hidden = number === 0;
    if (number > 0) {
      say(this.pill, number + " new");
      this.pill.setAttribute("aria-label", number + " new alerts: show them");
    }
  }
}
