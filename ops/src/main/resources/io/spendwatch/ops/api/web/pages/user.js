// One user: how near to the limit, how it came to it, what would happen next.

import { ask, path, send } from "../api.js";
import { alertRow, alertTable } from "../alertlist.js";
import { ExposureChart } from "../chart.js";
import { announce, el, put } from "../dom.js";
import { count, duration, shown, time, words } from "../format.js";
import { bar, chip, choice, empty, fact, field, heading, more, Panel, table, td, within } from "../parts.js";

const SHOWN_MS = 48 * 3600 * 1000;
const ENTRIES = 100;
const ALERTS = 50;

export function open(visit) {
  const id = visit.parts[1];
  visit.title("User " + id);
  const state = el("span", { class: "beside" });
  const now = new Panel(visit, "Now", { className: "user-now" });
  const chartPanel = new Panel(visit, "Last 48 hours", { className: "user-chart", staleMs: 60_000 });
  const alertsPanel = new Panel(visit, "Alerts", { className: "user-alerts", staleMs: 60_000 });
  const entries = new Panel(visit, "Transactions, newest first", { className: "user-entries", staleMs: 60_000 });
  const usual = new Panel(visit, "Usual", { className: "user-usual", staleMs: Infinity });
  const chart = new ExposureChart(visit);
  const check = checkPanel(visit, id);
  put(visit.root,
    heading(el("span", {}, "User ", el("span", { class: "id" }, id)), state),
    el("div", { class: "columns user" },
      el("div", { class: "stack" }, now.root, usual.root, check.root),
      el("div", { class: "stack" }, chartPanel.root, alertsPanel.root, entries.root)));

  const others = [check.root, usual.root, chartPanel.root, alertsPanel.root, entries.root];
  let seen = "";
  const again = visit.every(2000, () => within(now, async () => {
    const user = await known();
    others.forEach((panel) => (panel.hidden = false));
    now.show(facts(user));
    put(state, ...standing(user));
    check.know(user);
    // The rest only where something has changed: it asks the tables.
    const version = [user.exposure, user.balance, user.transactions, user.openEpisode?.episodeId].join("|");
    if (version !== seen) {
      seen = version;
      await Promise.all([series(user), alerts(), transactions(), features()]);
    }
  }, "Nobody is known by this id: there is neither an account nor a transaction. Ids are compared exactly, capitals included."));
  visit.on("alert", (alert) => {
    if (alert.userId !== id) return;
    seen = "";
    again();
    announce("User " + id + ": " + words(alert.type), true);
  });

  /** Of somebody whom nobody knows there is no more to tell. */
  async function known() {
    try {
      return await ask(path(["users", id]), visit.signal);
    } catch (failure) {
      if (failure.status === 404) others.forEach((panel) => (panel.hidden = true));
      throw failure;
    }
  }

  const series = (user) => within(chartPanel, async () => {
    const to = new Date(user.streamTime ?? user.asOf ?? Date.now());
    const from = new Date(to.getTime() - SHOWN_MS);
    const steps = await ask(
      path(["users", id, "exposure"], { from: from.toISOString(), to: to.toISOString() }), visit.signal);
    if (chartPanel.body.firstChild !== chart.whole) chartPanel.show(chart.whole);
    else chartPanel.touch();
    chart.show(steps, from, to);
  }, "This node does not tell how an exposure came about.");

  const features = () => within(usual, async () => {
    const found = await ask(path(["users", id, "features"]), visit.signal);
    usual.show(...(found.currencies ?? []).map(usualFacts),
      el("p", { class: "note" }, "By the " + found.days + " days before ", time(found.asOf, "full"), "."));
  }, "Not known yet: it is computed once a day, of who had transactions in the 30 days before.");

  const alerts = () => within(alertsPanel, async () => {
    const page = await ask(path(["users", id, "alerts"], { limit: ALERTS }), visit.signal);
    const items = page.items ?? [];
    if (items.length === 0) {
      alertsPanel.show(empty("No alert: this user has never been over the limit."));
      return;
    }
    const made = alertTable("Alerts of this user", false);
    made.body.append(...items.map((alert) => alertRow(alert, false)));
    alertsPanel.show(made.root, page.next
      ? el("p", {}, el("a", { href: "#/alerts?userId=" + encodeURIComponent(id) }, "All of them")) : null);
  }, "This node does not list alerts.");

  const transactions = () => within(entries, async () => {
    const page = await ask(path(["users", id, "transactions"], { limit: ENTRIES }), visit.signal);
    const items = page.items ?? [];
    if (items.length === 0) {
      entries.show(empty("No transaction is stored of this user."));
      return;
    }
    const made = entryTable(items);
    const load = async (cursor) => {
      const next = await ask(path(["users", id, "transactions"], { limit: ENTRIES, cursor }), visit.signal);
      made.body.append(...(next.items ?? []).map(entryRow));
      put(foot, more(next.next, load));
    };
    const foot = el("div", {}, more(page.next, load));
    entries.show(made.root, foot);
  }, "This node does not list transactions.");
}

function standing(user) {
  const episode = user.openEpisode;
  if (episode) return [chip("over the limit", "raised"), el("span", { class: "note" }, "since ", time(episode.since, "full"))];
  if (user.balance === null || user.balance === undefined) return [chip("no account", "late")];
  return [chip("within the limit", "cleared")];
}

function facts(user) {
  const unit = () => el("span", { class: "unit" }, " " + (user.currency ?? ""));
  return el("div", {},
    el("div", { class: "big" }, el("span", { class: "figure" }, shown(user.exposure)), unit(),
      el("div", { class: "note" }, "spent in 24 hours, of ", shown(user.balance))),
    bar(user.ratio),
    el("dl", { class: "facts rows" },
      fact("Headroom", shown(user.headroom), unit()),
      fact("Balance", shown(user.balance), unit()),
      fact("Balance since", time(user.balanceAsOf, "full")),
      fact("Balance version", shown(user.balanceVersion)),
      fact("Transactions", count(user.transactions)),
      fact("Window from", time(user.windowStart, "full")),
      fact("Name", shown(user.username)),
      fact("Told by", user.source === "memory" ? "the user's actor" : user.source === "tables" ? "the tables" : shown(user.source)),
      fact("As of", time(user.asOf, "full"))));
}

function usualFacts(usual) {
  const unit = () => el("span", { class: "unit" }, " " + shown(usual.currency));
  return el("dl", { class: "facts rows" },
    fact("Spend a day", shown(usual.dailySpendAverage), unit()),
    fact("On 9 of 10 days at most", shown(usual.dailySpendP90), unit()),
    fact("Active days", count(usual.daysActive)),
    fact("Given back", usual.refundShare === null ? shown(null) : (100 * usual.refundShare).toFixed(1) + " %"),
    fact("Hours (UTC)", (usual.usualHours ?? []).join(", ")),
    fact("Merchants", count(usual.merchants), (usual.usualMerchants ?? []).length > 0
      ? el("span", { class: "note" }, " most often " + usual.usualMerchants.join(", ")) : null));
}

const ENTRY_COLUMNS = [["Event time", "when"], ["Verdict"], ["Amount", "money"], ["Exposure", "money"],
  ["Balance", "money wide"], ["Merchant", "wide"], ["Transaction"]];

function entryTable(items) {
  return table("Transactions of this user", ENTRY_COLUMNS, items.map(entryRow));
}

const VERDICTS = { CLEAR: "cleared", BREACH: "raised", NO_ACCOUNT: "late", TOO_LATE: "late" };

function entryRow(entry) {
  const refund = entry.kind === "REFUND";
  return el("tr", {},
    td("when", time(entry.eventTime, "ms")),
    td("", chip(words(entry.verdict), VERDICTS[entry.verdict] ?? "")),
    td("money", (refund ? "−" : "") + shown(entry.amount), " ", el("span", { class: "unit" }, shown(entry.currency)),
      refund ? el("span", { class: "visually-hidden" }, " refund") : null),
    td("money", shown(entry.exposure)),
    td("money wide", shown(entry.balance)),
    td("wide id", shown(entry.merchant)),
    td("id", shown(entry.transactionId)));
}

const OUTCOMES = {
  WITHIN: ["within the limit", "cleared"],
  EXCEEDS: ["would exceed the limit", "raised"],
  NO_ACCOUNT: ["no account", "late"],
  DUPLICATE: ["that id is known already", "late"],
  UNKNOWN: ["not known in time", "late"],
};

/** What would a transaction do? Nothing of it is recorded. */
function checkPanel(visit, id) {
  const panel = new Panel(visit, "What would a transaction do?", { staleMs: Infinity });
  const currency = el("input", { name: "currency", maxlength: 3, size: 4, required: true, autocomplete: "off", pattern: "[A-Za-z]{3}" });
  const answer = el("div", { class: "answer", role: "status" });
  const button = el("button", { type: "submit", class: "primary" }, "Check");
  const form = el("form", {
    class: "check",
    on: {
      submit: (event) => {
        event.preventDefault();
        run();
      },
    },
  },
  field("Amount", el("input", {
    name: "amount", inputmode: "decimal", required: true, autocomplete: "off", placeholder: "120.00", size: 10,
    pattern: "[0-9]+([.][0-9]+)?", title: "digits, with a point before decimals",
  })),
  field("Currency", currency),
  field("Kind", choice("kind", [["PURCHASE", "purchase"], ["REFUND", "refund"]], "PURCHASE")),
  button);
  panel.show(form, answer, el("p", { class: "note" }, "Assessed against the window and the balance of this moment. Records nothing."));

  async function run() {
    button.disabled = true;
    const asked = {
      transactionId: "check-" + Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join(""),
      userId: id,
      amount: form.elements.amount.value.trim(),
      currency: currency.value.trim().toUpperCase(),
      kind: form.elements.kind.value,
      eventTime: new Date().toISOString(),
    };
    try {
      put(answer, ...outcome(await send(path(["check"]), asked, visit.signal, { "X-Deadline-Ms": "1000" }), asked));
    } catch (failure) {
      if (failure.name !== "AbortError") {
        put(answer, el("p", { class: "problem" },
          failure.status === 404 ? "This node does not check transactions." : "Not answered: " + failure.message));
      }
    } finally {
      button.disabled = false;
    }
  }

  return {
    root: panel.root,
    know: (user) => {
      if (!currency.value && user.currency) currency.value = user.currency;
    },
  };
}

function outcome(result, asked) {
  const [text, kind] = OUTCOMES[result.outcome] ?? [words(result.outcome), ""];
  return [
    el("p", {}, chip(text, kind), el("span", { class: "note" },
      " " + words(asked.kind) + " of " + asked.amount + " " + asked.currency + ", answered in " + duration(result.tookMs))),
    el("dl", { class: "facts" },
      fact("Exposure after", shown(result.exposureAfter)),
      fact("Balance", shown(result.balance)),
      fact("Headroom after", shown(result.headroomAfter)),
      fact("as of", time(result.asOf, "full"))),
    result.degraded ? el("p", { class: "problem" }, "Not all could be known: " + words(result.reason))
      : result.reason ? el("p", { class: "note" }, words(result.reason)) : null,
  ].filter(Boolean);
}
