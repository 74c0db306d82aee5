// Alerts as rows; the same on every page that lists them.

import { el } from "./dom.js";
import { shown, time, words } from "./format.js";
import { chip, table, td, userLink } from "./parts.js";

const COLUMNS = [
  ["Event time", "when"], ["Alert", "type"], ["User", "user"], ["Exposure", "money wide"],
  ["Balance", "money wide"], ["Excess", "money"], ["Why", "why"],
];

/** A table for alerts, without rows; `users`: whether it says whose they are. */
export function alertTable(label, users = true) {
  const made = table(label, COLUMNS.filter(([, kind]) => users || kind !== "user"), []);
  made.root.classList.add("alerts");
  if (!users) made.root.classList.add("of-one");
  return made;
}

/** An alert's row. */
export function alertRow(alert, users = true) {
  return el("tr", { "data-alert": alert.alertId },
    td("when", time(alert.eventTime, "ms")),
    td("type", typeChip(alert), ...marks(alert)),
    users ? td("user", userLink(alert.userId)) : null,
    td("money wide", shown(alert.exposure)),
    td("money wide", shown(alert.balance)),
    td("money", shown(alert.excess), " ", el("span", { class: "unit" }, shown(alert.currency))),
    td("why", alert.alertId
      ? el("a", {
        href: "#/alerts/" + encodeURIComponent(alert.alertId),
        "aria-label": "Why: alert of user " + shown(alert.userId),
      }, "Explain")
      : null));
}

/** RAISED or CLEARED, told by word, sign and colour. */
export function typeChip(alert) {
  const raised = alert.type === "RAISED";
  return chip(shown(alert.type), raised ? "raised" : alert.type === "CLEARED" ? "cleared" : "");
}

/** What is special about it. */
export function marks(alert) {
  return [
    alert.late ? chip("late", "late") : null,
    alert.cause ? el("span", { class: "cause" }, words(alert.cause)) : null,
  ];
}
