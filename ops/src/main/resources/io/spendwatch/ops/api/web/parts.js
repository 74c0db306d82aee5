// What the pages are made of.

import { announce, el, put, say } from "./dom.js";
import { count, duration, NONE, percent, words } from "./format.js";

/** A page's heading, with what stands beside it. */
export function heading(text, ...beside) {
  return el("div", { class: "heading" }, el("h1", {}, text), ...beside);
}

/**
 * A part of a page that is filled again and again. What has not come for `staleMs` is greyed, with
 * its age; a refusal is told, and what was there before stays.
 */
export class Panel {
  #at = 0;
  #age = el("span", { class: "age", hidden: true });
  #problem = el("p", { class: "problem", hidden: true });
  #staleMs;

  constructor(visit, title, { staleMs = 15_000, actions = [], level = "h2", className = "" } = {}) {
    this.#staleMs = staleMs;
    this.body = el("div", { class: "panel-body" }, el("p", { class: "empty" }, "Loading"));
    this.name = el(level, {}, title);
    this.root = el("section", { class: ("panel " + className).trim() },
      el("div", { class: "panel-head" }, this.name, this.#age, el("span", { class: "spring" }), ...actions),
      this.#problem, this.body);
    const timer = setInterval(() => this.#grow(), 1000);
    visit.signal.addEventListener("abort", () => clearInterval(timer));
  }

  /** Shows these, as of now. */
  show(...children) {
    this.touch();
    put(this.body, ...children);
  }

  /** What is shown is as of now. */
  touch() {
    this.#at = Date.now();
    this.#problem.hidden = true;
    this.#grow();
  }

  /** Tells why it can't be shown. What is missing on the node altogether is no fault. */
  refuse(failure, absent = null) {
    if (failure.name === "AbortError") return;
    if (failure.status === 404 && absent !== null) {
      this.show(el("p", { class: "empty" }, absent));
      return;
    }
    if (this.#at === 0) put(this.body);
    this.#problem.hidden = false;
    say(this.#problem, "Not answered: " + failure.message
      + (failure.retryAfter ? " (again in " + failure.retryAfter + " s)" : ""));
  }

  #grow() {
    const age = Date.now() - this.#at;
    const stale = this.#at > 0 && age > this.#staleMs;
    this.root.classList.toggle("stale", stale);
    this.#age.hidden = !stale;
    if (stale) say(this.#age, duration(age) + " old");
  }
}

/** Does it, and lets the panel tell what stands against it. */
export async function within(panel, work, absent = null) {
  try {
    await work();
  } catch (failure) {
    panel.refuse(failure, absent);
  }
}

/** What to do next, where there is nothing to show. */
export function empty(...text) {
  return el("p", { class: "empty" }, ...text);
}

/**
 * A table. A column is [title, class]; the rows are elements. It scrolls sideways by itself where it
 * has no room, by keyboard too.
 */
export function table(label, columns, rows) {
  const body = el("tbody", {}, ...rows);
  const scroller = el("div", { class: "scroll", role: "region", "aria-label": label, tabindex: 0 },
    el("table", {}, el("thead", {}, el("tr", {},
      ...columns.map(([title, kind]) => el("th", { scope: "col", class: kind || null }, title)))), body));
  return { root: scroller, body };
}

/** A cell. */
export function td(kind, ...children) {
  return el("td", { class: kind || null }, ...children);
}

/** A fact: its name with its value. */
export function fact(name, ...value) {
  return el("div", { class: "fact" }, el("dt", {}, name), el("dd", {}, ...value));
}

/** Says a state in a word, and by colour and sign beside it. */
export function chip(text, kind = "") {
  return el("span", { class: ("chip " + kind).trim() }, text);
}

/** A link to a user. */
export function userLink(id) {
  return id === null || id === undefined
    ? el("span", { class: "none" }, NONE)
    : el("a", { href: "#/users/" + encodeURIComponent(id), class: "id", title: id }, id);
}

/** How near to the limit: a bar with a mark at 100 %, and the figure. */
export function bar(ratio) {
  const value = Number(ratio);
  const known = ratio !== null && ratio !== undefined && Number.isFinite(value);
  const over = known && value > 1;
  const filling = el("span", { class: "bar-fill" });
  // The mark is at two thirds, so that it shows by how much somebody is over it.
  filling.style.width = known ? Math.min(100, Math.max(0, value * 66.6)) + "%" : "0";
  return el("span", { class: "bar" + (over ? " over" : value >= 0.9 ? " near" : "") },
    el("span", { class: "bar-track", "aria-hidden": "true" }, filling),
    el("span", { class: "bar-figure" }, percent(ratio)));
}

/** Text to be copied, with its button. */
export function copyable(label, text) {
  const button = el("button", {
    type: "button",
    on: {
      click: async () => {
        try {
          await navigator.clipboard.writeText(text);
          say(button, "Copied");
          announce("Copied", true);
        } catch {
          // Without leave to copy, it is at least selected.
          getSelection().selectAllChildren(code);
          say(button, "Selected: press Ctrl+C");
        }
        setTimeout(() => say(button, "Copy"), 3000);
      },
    },
  }, "Copy");
  const code = el("pre", { tabindex: 0, role: "region", "aria-label": label }, text);
  return el("div", { class: "copyable" }, el("div", { class: "copy-head" }, el("span", {}, label), button), code);
}

/** A button that goes on with a list where one page ends. */
export function more(next, load) {
  if (!next) return null;
  const button = el("button", {
    type: "button",
    class: "more",
    on: {
      click: async () => {
        button.disabled = true;
        try {
          await load(next);
          button.remove();
        } catch (failure) {
          say(button, "Not answered: " + failure.message + ". Try again");
          button.disabled = false;
        }
      },
    },
  }, "Show more");
  return button;
}

/** The state of an audit's run: its word and kind. */
export function auditState(audit) {
  if (!audit) return ["none yet", ""];
  const findings = Number(audit.openFindings ?? audit.findings ?? 0);
  const state = String(audit.outcome ?? audit.state ?? (audit.finishedAt ? "" : "RUNNING"));
  if (state === "FAILED") return ["failed", "bad"];
  if (findings > 0 || state === "FINDINGS") return [count(findings) + (findings === 1 ? " finding" : " findings"), "bad"];
  if (state === "RUNNING") return ["running", ""];
  return [state === "CLEAN" ? "clean" : words(state), state === "CLEAN" ? "good" : ""];
}

/** Fields of a form by their names, without those that say nothing. */
export function filled(form) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (String(value).trim() !== "") query.set(name, String(value).trim());
  }
  return query;
}

/** A labelled field. */
export function field(label, input) {
  return el("label", { class: "field" }, el("span", {}, label), input);
}

/** A choice among values: [value, text]. */
export function choice(name, options, chosen) {
  return el("select", { name }, ...options.map(([value, text]) =>
    el("option", { value, selected: value === (chosen ?? "") }, text)));
}
