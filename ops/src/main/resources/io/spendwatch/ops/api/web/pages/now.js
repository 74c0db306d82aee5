// How it goes at this moment: rates, delays, the audit, alerts as they come, who is near to the limit.

import { ask, path } from "../api.js";
import { alertRow, alertTable } from "../alertlist.js";
import { el, put, say, svg } from "../dom.js";
import { count, duration, NONE, rate, shown, time } from "../format.js";
import { LiveList, ROWS_MAX } from "../livelist.js";
import { auditState, empty, Panel, within } from "../parts.js";
import { missing, topRows } from "./users.js";

/** Of the small charts: a value each second. */
const SHOWN_SECONDS = 90;
const STALE_MS = 5000;

export function open(visit) {
  visit.title("Now");
  const figures = tiles(visit);
  const alerts = alertPanel(visit);
  const nearest = nearestPanel(visit);
  put(visit.root,
    el("h1", { class: "visually-hidden" }, "Now"),
    figures,
    el("div", { class: "columns now" }, alerts, nearest));
}

/** A figure with its name, and a line of its last values where it is one to be drawn. */
class Tile {
  #figure = el("dd", { class: "figure" }, NONE);
  #note = el("dd", { class: "note" });
  #line = null;
  #values = [];

  constructor(name, drawn = false) {
    this.root = el("div", { class: "tile" }, el("dt", {}, name), this.#figure, this.#note);
    if (drawn) {
      this.#line = svg("polyline", { points: "" });
      this.root.append(svg("svg", {
        class: "spark", viewBox: "0 0 " + (SHOWN_SECONDS - 1) + " 24", preserveAspectRatio: "none", "aria-hidden": "true",
      }, this.#line));
    }
  }

  show(text, note = "", kind = "") {
    say(this.#figure, text);
    if (note instanceof Node) put(this.#note, note);
    else say(this.#note, note);
    this.root.className = ("tile " + kind).trim();
  }

  draw(value) {
    if (!Number.isFinite(value)) return;
    this.#values.push(value);
    if (this.#values.length > SHOWN_SECONDS) this.#values.shift();
    const most = Math.max(...this.#values, 1e-9);
    const first = SHOWN_SECONDS - this.#values.length;
    this.#line.setAttribute("points",
      this.#values.map((each, i) => first + i + "," + (23 - (each / most) * 22).toFixed(1)).join(" "));
  }
}

function tiles(visit) {
  const transactions = new Tile("Transactions/s", true);
  const alerts = new Tile("Alerts/s", true);
  const lag = new Tile("Behind, worst partition");
  const delay = new Tile("Alert readable after, p99");
  const awake = new Tile("Users in memory");
  const audit = new Tile("Audit");
  const all = el("dl", { class: "tiles" },
    ...[transactions, alerts, lag, delay, awake, audit].map((tile) => tile.root));
  let at = 0;
  let heard = false;

  const showAudit = (last) => {
    const [text, kind] = auditState(last);
    const when = last?.finishedAt ?? last?.at ?? last?.startedAt;
    audit.show(text, when ? time(when) : "", kind);
  };
  const fresh = () => {
    at = Date.now();
    all.classList.remove("stale");
  };
  visit.on("stats", (stats) => {
    heard = true;
    fresh();
    requestAnimationFrame(() => {
      transactions.show(rate(stats.transactionsPerSecond), extra([[stats.duplicatesPerSecond, "duplicates/s"],
        [stats.deadLettersPerSecond, "dead letters/s"]]));
      transactions.draw(Number(stats.transactionsPerSecond));
      alerts.show(rate(stats.alertsPerSecond));
      alerts.draw(Number(stats.alertsPerSecond));
      const worst = stats.worstLag;
      lag.show(Number.isFinite(worst?.seconds) ? duration(worst.seconds * 1000) : NONE,
        worst ? shown(worst.topic) + " " + shown(worst.partition) + ": " + count(worst.records) + " records" : "");
      const took = stats.alertTime;
      delay.show(duration(took?.p99Ms), took ? "p50 " + duration(took.p50Ms) + ", since decided" : "none in the last minute");
      awake.show(count(stats.usersAwake));
      if (stats.audit) showAudit(stats.audit);
    });
  });
  visit.on("audit", showAudit);
  // What the status knows is shown until the first event, and where a node sends none.
  visit.every(5000, async () => {
    if (heard && visit.stream.state === "live") return;
    try {
      const status = await ask(path(["status"]), visit.signal);
      fresh();
      const totals = status.totals ?? {};
      transactions.show(NONE, count(totals.transactions) + " in all");
      alerts.show(NONE, count(totals.alerts) + " in all");
      lag.show(duration(totals.lagMs), count(totals.lagRecords) + " records");
      delay.show(NONE);
      awake.show(count(totals.usersAwake));
      showAudit(status.audit);
    } catch {
      // The age tells it.
    }
  });
  const age = el("p", { class: "age tiles-age", hidden: true });
  const timer = setInterval(() => {
    const stale = at > 0 && Date.now() - at > (heard ? STALE_MS : 4 * STALE_MS);
    all.classList.toggle("stale", stale);
    age.hidden = !stale;
    if (stale) say(age, "These figures are " + duration(Date.now() - at) + " old");
  }, 1000);
  visit.signal.addEventListener("abort", () => clearInterval(timer));
  return el("section", { class: "figures", "aria-label": "Figures" }, all, age);
}

function extra(values) {
  return values.filter(([value]) => Number(value) > 0).map(([value, name]) => rate(value) + " " + name).join(", ");
}

function alertPanel(visit) {
  const made = alertTable("Alerts, newest first");
  const list = new LiveList(visit, made, (alert) => alertRow(alert), (alert) => alert.alertId);
  const panel = new Panel(visit, "Alerts", {
    className: "live",
    staleMs: Infinity,
    actions: [list.pill, el("a", { href: "#/alerts" }, "All alerts")],
  });
  const nothing = empty("No alert yet. One appears here as soon as somebody spends more than their balance. ",
    "To see some, send traffic: ", el("code", {}, "./spendwatch load"));
  const show = () => {
    const wanted = list.isEmpty ? nothing : made.root;
    if (panel.body.firstChild !== wanted) panel.show(wanted);
    else panel.touch();
  };
  const load = () => within(panel, async () => {
    const page = await ask(path(["alerts"], { limit: ROWS_MAX }), visit.signal);
    list.set(page.items ?? []);
    show();
  }, "This node does not list alerts.");
  let loaded = load();
  visit.on("alert", async (alert) => {
    await loaded;
    list.add(alert);
    show();
  });
  // Some were left out: the tables have them.
  visit.on("gap", () => (loaded = load()));
  return panel.root;
}

function nearestPanel(visit) {
  const panel = new Panel(visit, "Nearest to their limit", {
    className: "nearest",
    actions: [el("a", { href: "#/users" }, "All")],
  });
  // It scrolls where it has no room, so the keyboard must reach it.
  panel.body.tabIndex = 0;
  visit.every(3000, () => within(panel, async () => {
    const page = await ask(path(["top"], { by: "ratio", limit: 25 }), visit.signal);
    panel.show(missing(page), topRows(page.items ?? []));
  }, "This node does not tell who is nearest to their limit."));
  return panel.root;
}
