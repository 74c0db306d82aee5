// Reports over what is stored.

import { ask, path } from "../api.js";
import { el, put } from "../dom.js";
import { count, duration, shown, time, words } from "../format.js";
import { empty, fact, heading, Panel, table, td, within } from "../parts.js";

const ABSENT = "This node answers no reports yet. The tables can be asked with psql: the views of schema spendwatch "
  + "show money as decimals.";

export function open(visit) {
  const report = visit.parts[1];
  visit.title(report ? words(report.replaceAll("-", "_")) : "Analysis");
  if (report) {
    one(visit, report);
  } else {
    list(visit);
  }
}

function list(visit) {
  const panel = new Panel(visit, "Reports", { staleMs: Infinity });
  put(visit.root, heading("Analysis"), panel.root);
  within(panel, async () => {
    const answer = await ask(path(["analysis"]), visit.signal);
    const reports = (answer.items ?? answer.reports ?? (Array.isArray(answer) ? answer : []))
      .map((each) => (typeof each === "string" ? { name: each } : each));
    panel.show(reports.length === 0 ? empty(ABSENT) : el("ul", { class: "reports" }, ...reports.map((each) =>
      el("li", {}, el("a", { href: "#/analysis/" + encodeURIComponent(each.name ?? each.report) }, each.title ?? each.name ?? each.report),
        each.description ? el("p", { class: "note" }, each.description) : null))));
  }, ABSENT);
}

function one(visit, report) {
  const panel = new Panel(visit, "Answer", { staleMs: Infinity });
  put(visit.root, heading(report), panel.root);
  within(panel, async () => {
    const answer = await ask(path(["analysis", report], Object.fromEntries(visit.query)), visit.signal);
    const columns = (answer.columns ?? []).map((each) => (typeof each === "string" ? each : each.name));
    const rows = answer.rows ?? [];
    const cell = (row, i) => (Array.isArray(row) ? row[i] : row[columns[i]]);
    panel.show(
      el("dl", { class: "facts" },
        fact("Answered from", shown(answer.source)), fact("as of", time(answer.asOf, "full")),
        fact("Age", duration(answer.ageMs)), fact("Took", duration(answer.tookMs)), fact("Rows read", count(answer.rowsRead))),
      rows.length === 0 ? empty("No rows.")
        : table(report, columns.map((name) => [words(name)]), rows.slice(0, 500).map((row) =>
          el("tr", {}, ...columns.map((_, i) => td("", shown(cell(row, i))))))).root);
  }, "There is no report of this name.");
}
