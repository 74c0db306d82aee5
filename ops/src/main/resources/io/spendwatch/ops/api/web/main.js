// The frame around the pages: addresses, the live connection, pause, and how times are shown.

import { announce, el, put, say } from "./dom.js";
import { isLocal, showLocal } from "./format.js";
import { Stream } from "./stream.js";
import { enter, leave, login, state as loginState } from "./token.js";
import * as alert from "./pages/alert.js";
import * as alerts from "./pages/alerts.js";
import * as analysis from "./pages/analysis.js";
import * as audit from "./pages/audit.js";
import * as cluster from "./pages/cluster.js";
import * as deadLetter from "./pages/deadletter.js";
import * as deadLetters from "./pages/deadletters.js";
import * as now from "./pages/now.js";
import * as user from "./pages/user.js";
import * as users from "./pages/users.js";

/** By the first part of the address, and by whether there are more. */
const PAGES = {
  now: [now, now],
  users: [users, user],
  alerts: [alerts, alert],
  audit: [audit, audit],
  cluster: [cluster, cluster],
  "dead-letters": [deadLetters, deadLetter],
  analysis: [analysis, analysis],
};

const main = document.getElementById("main");
const stream = new Stream();
let paused = false;
let opened = null;

/** What a page is given: where to put itself, what was asked, and what ends with it. */
class Visit {
  #ended = new AbortController();
  signal = this.#ended.signal;
  root = el("div", { class: "page" });
  stream = stream;
  #refreshes = [];

  constructor(parts, query) {
    this.parts = parts;
    this.query = query;
  }

  get paused() {
    return paused;
  }

  /** The page's name, for the window. */
  title(text) {
    document.title = text + " · Spendwatch";
  }

  /** Hears events of the stream, unless paused. */
  on(type, listener) {
    stream.addEventListener(type, (event) => paused || listener(event.detail), { signal: this.signal });
  }

  /**
   * Does it now and again, so many ms after it was done; not while paused or hidden. Returns what
   * does it at once.
   */
  every(ms, work) {
    let timer = 0;
    let running = null;
    const turn = async () => {
      clearTimeout(timer);
      if (!(paused || document.hidden)) await work();
      if (!this.signal.aborted) timer = setTimeout(again, ms);
    };
    const again = () => (running ??= turn().finally(() => (running = null)));
    this.signal.addEventListener("abort", () => clearTimeout(timer));
    this.#refreshes.push(again);
    again();
    return again;
  }

  refresh() {
    this.#refreshes.forEach((again) => again());
  }

  /** Remembers in the address what is looked at, without going anywhere. */
  remember(query) {
    const text = query.toString();
    this.query = query;
    history.replaceState(null, "", "#/" + this.parts.map(encodeURIComponent).join("/") + (text ? "?" + text : ""));
  }

  end() {
    this.#ended.abort();
  }
}

function address() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const parts = path.split("/").filter(Boolean).map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return [parts.length > 0 ? parts : ["now"], new URLSearchParams(query)];
}

function go() {
  const [parts, query] = address();
  const first = opened === null;
  opened?.end();
  opened = new Visit(parts, query);
  put(main, opened.root);
  window.scrollTo(0, 0);
  const [page, detail] = PAGES[parts[0]] ?? [null, null];
  if (page === null) {
    opened.title("No such page");
    put(opened.root, el("h1", {}, "No such page"),
      el("p", { class: "empty" }, "Choose one above, or go to ", el("a", { href: "#/now" }, "Now"), "."));
  } else {
    (parts.length > 1 ? detail : page).open(opened);
  }
  for (const link of document.querySelectorAll("#pages a")) {
    if (link.getAttribute("href") === "#/" + parts[0]) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else {
      link.removeAttribute("aria-current");
    }
  }
  // So that who uses a keyboard or listens begins at the page, not at the link that led to it.
  if (!first) main.focus({ preventScroll: true });
}

const WORDS = {
  connecting: "Connecting",
  live: "Live",
  stopped: "Stopped",
};

function showConnection() {
  const chip = document.getElementById("connection");
  const seconds = Math.max(0, Math.ceil((stream.retryAt - Date.now()) / 1000));
  const state = paused ? "paused" : stream.state;
  const text = {
    paused: "Paused",
    waiting: "Reconnecting in " + seconds + " s",
    absent: "No live events",
  }[state] ?? WORDS[state];
  if (chip.dataset.state !== state) {
    chip.dataset.state = state;
    announce(text, true);
    if (state === "live" && opened !== null) opened.refresh();
  }
  chip.title = state === "absent" ? "This node serves no events; what is shown is asked for every few seconds" : "";
  say(chip, text);
}

function pause(yes) {
  paused = yes;
  const button = document.getElementById("pause");
  say(button, yes ? "Resume" : "Pause");
  button.classList.toggle("on", yes);
  document.body.classList.toggle("paused", yes);
  if (yes) {
    stream.stop();
  } else {
    stream.start();
    opened.refresh();
  }
  showConnection();
}

function zone() {
  say(document.getElementById("zone"), isLocal() ? "Local time" : "UTC");
}

/** Shown where this node asks who somebody is. */
function showLogin() {
  const button = document.getElementById("login");
  const state = loginState();
  button.hidden = state === "unasked";
  say(button, state === "in" ? "Sign out" : "Sign in");
}

document.getElementById("login").addEventListener("click", () => (loginState() === "in" ? leave() : enter()));
login.addEventListener("change", showLogin);
showLogin();
document.getElementById("pause").addEventListener("click", () => pause(!paused));
document.getElementById("zone").addEventListener("click", () => {
  showLocal(!isLocal());
  zone();
  window.dispatchEvent(new Event("zone"));
});
document.getElementById("find").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = document.getElementById("find-user");
  const id = field.value.trim();
  if (id) location.hash = "#/users/" + encodeURIComponent(id);
  field.value = "";
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // The address is the page's.
  main.focus();
});

stream.addEventListener("state", showConnection);
setInterval(showConnection, 1000);
window.addEventListener("hashchange", go);
zone();
go();
stream.start();
showConnection();
