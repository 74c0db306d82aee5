// One alert, and how it follows from the tables.

import { ask, path } from "../api.js";
import { marks, typeChip } from "../alertlist.js";
import { el, put } from "../dom.js";
import { count, duration, shown, time, words } from "../format.js";
import { chip, copyable, fact, heading, Panel, table, td, userLink, within } from "../parts.js";

export function open(visit) {
  const id = visit.parts[1];
  visit.title("Alert");
  const beside = el("span", { class: "beside" });
  const told = new Panel(visit, "As announced", { staleMs: Infinity });
  const why = new Panel(visit, "Why", { staleMs: Infinity });
  put(visit.root, heading("Alert", beside), el("div", { class: "columns alert" }, told.root, why.root));
  within(told, async () => {
    const alert = await ask(path(["alerts", id]), visit.signal);
    visit.title("Alert of " + shown(alert.userId));
    put(beside, typeChip(alert), ...marks(alert));
    told.show(announced(alert, id));
  }, "There is no alert by this id.");
  within(why, async () => {
    why.show(...explained(await ask(path(["alerts", id, "explanation"]), visit.signal)));
  }, "This node does not explain this alert. On the command line: ./spendwatch explain " + id);
}

function announced(alert, id) {
  const unit = () => el("span", { class: "unit" }, " " + (alert.currency ?? ""));
  const source = alert.source;
  const delay = new Date(alert.detectedAt) - new Date(alert.eventTime);
  return el("dl", { class: "facts" },
    fact("User", userLink(alert.userId)),
    fact("Event time", time(alert.eventTime, "full")),
    fact("Exposure", shown(alert.exposure), unit()),
    fact("Balance", shown(alert.balance), unit()),
    fact("Excess", shown(alert.excess), unit()),
    fact("Transactions", count(alert.transactions)),
    fact("Transaction", el("span", { class: "id" }, shown(alert.transactionId))),
    alert.revealedBy ? fact("Seen by", el("span", { class: "id" }, alert.revealedBy)) : null,
    alert.cause ? fact("Cause", words(alert.cause)) : null,
    fact("Window from", time(alert.windowStart, "full")),
    fact("Detected", time(alert.detectedAt, "full"),
      delay >= 0 ? el("span", { class: "unit" }, " " + duration(delay) + " after") : null),
    fact("Record", el("span", { class: "id" },
      source ? source.topic + " / " + source.partition + " / " + source.offset : shown(null))),
    fact("Rule", shown(alert.rule) + (alert.ruleVersion ? ", version " + alert.ruleVersion : "")),
    fact("Alert id", el("span", { class: "id" }, shown(alert.alertId ?? id))),
    fact("Episode", el("span", { class: "id" }, shown(alert.episodeId))));
}

/** An explanation, as the command `explain` gives it. */
export function explained(why) {
  const sum = why.summation;
  const unit = () => el("span", { class: "unit" }, " " + (sum?.currency ?? ""));
  return [
    el("p", { class: "sentence" }, shown(why.sentence)),
    ...(why.differences ?? []).map((text) => el("p", { class: "problem" }, "The tables disagree: " + text)),
    ...(why.remarks ?? []).map((text) => el("p", { class: "note" }, text)),
    el("dl", { class: "facts" },
      sum ? fact("Recomputed now", shown(sum.recomputed), unit()) : null,
      sum ? fact("Stored then", shown(sum.stored), unit()) : null,
      why.balance ? fact("Balance in force", shown(why.balance.amount), unit()) : null,
      why.balance ? fact("since", time(why.balance.inForceSince, "full")) : null,
      why.episode ? fact("Episode raised", time(why.episode.raisedAt, "full")) : null,
      why.episode ? fact("cleared", why.episode.clearedAt ? time(why.episode.clearedAt, "full") : "still open") : null,
      why.arrival ? fact("Decided", time(why.arrival.decidedAt, "full"),
        why.arrival.outOfOrder ? el("span", {}, " ", chip("out of order", "late")) : null) : null),
    ...listing("Counted", sum?.entries, sum),
    ...listing("Left the 24 hours at that instant", sum?.left, sum),
    ...listing("Arrived later, and not counted", sum?.arrivedLater, sum),
    sum?.sql ? copyable("The same figure in psql", sum.sql) : null,
  ].filter(Boolean);
}

function listing(title, list, sum) {
  const lines = list?.lines ?? [];
  if (lines.length === 0) return [];
  const made = table(title, [["Event time", "when"], ["Transaction"], ["Amount", "money"], ["Sum", "money"],
    ["Verdict", "wide"]],
  lines.map((line) => el("tr", {},
    td("when", time(line.eventTime, "ms")), td("id", shown(line.transactionId)), td("money", shown(line.amount)),
    td("money", shown(line.sum)), td("wide", words(line.verdict)))));
  return [
    el("h3", {}, title),
    list.earlier > 0 ? el("p", { class: "note" }, count(list.earlier) + " earlier come to " + shown(list.earlierSum) + " "
      + (sum.currency ?? "")) : null,
    made.root,
  ].filter(Boolean);
}
