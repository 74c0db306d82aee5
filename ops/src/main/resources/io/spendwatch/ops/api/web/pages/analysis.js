// Reports over what is stored, from roll-ups.

import { ask, path } from "../api.js";
import { timeBars } from "../chart.js";
import { el, put } from "../dom.js";
import { count, duration, NONE, shown, time, words } from "../format.js";
import { choice, empty, fact, field, heading, Panel, table, td, userLink, within } from "../parts.js";

const ROWS_MAX = 500;

/** Of a report by time, what its picture shows: the first two of these that it has. */
const DRAWN = ["purchases", "refunds", "raised", "cleared", "refund_percent"];

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
    const reports = (await ask(path(["analysis"]), visit.signal)).items;
    panel.show(el("ul", { class: "reports" }, ...reports.map((each) =>
      el("li", {}, el("a", { href: "#/analysis/" + encodeURIComponent(each.report) }, words(each.report.replaceAll("-", "_"))),
        el("p", { class: "note" }, each.meaning + (each.days ? "; " + each.days + (each.days === 1 ? " day" : " days") : ""))))));
  });
}

function one(visit, report) {
  const panel = new Panel(visit, "Answer", { staleMs: Infinity });
  const asked = el("form", { class: "inline" });
  put(visit.root, heading(words(report.replaceAll("-", "_")), el("span", { class: "spring" }), asked), panel.root);
  const load = () => within(panel, async () => {
    const answer = await ask(path(["analysis", report], Object.fromEntries(visit.query)), visit.signal);
    panel.show(facts(answer), ...(answer.rows.length === 0
      ? [empty("Nothing of that time. Roll-ups are kept as transactions come.")]
      : [picture(visit, report, answer), rows(report, answer)]));
  }, "There is no report of this name.");
  asked.addEventListener("submit", (event) => event.preventDefault());
  asked.addEventListener("change", () => {
    visit.remember(new URLSearchParams(new FormData(asked)));
    load();
  });
  load();
  // By what it can be asked for; the report is there without it.
  ask(path(["analysis"]), visit.signal).then((reports) => {
    const by = reports.items.find((each) => each.report === report)?.by ?? [];
    if (by.length > 1) {
      put(asked, field("By", choice("by", by.map((each) => [each, each]), visit.query.get("by") ?? by[0])));
    }
  }).catch(() => {});
}

function facts(answer) {
  return el("dl", { class: "facts" },
    answer.from ? fact("From", time(answer.from, "full")) : null,
    answer.to ? fact("To", time(answer.to, "full")) : null,
    fact("Answered from", shown(answer.source)), fact("As of", time(answer.asOf, "full")),
    fact("Age", duration(answer.ageMs)), fact("Took", duration(answer.tookMs)), fact("Rows read", count(answer.rowsRead)));
}

/** Of a report with one row for each hour or day. */
function picture(visit, report, answer) {
  const times = answer.rows.map((row) => row[0]);
  const isOfTime = ["hour", "day"].includes(answer.columns[0]) && !times.includes(null);
  const drawn = answer.columns.map((name, i) => [name, i]).filter(([name]) => DRAWN.includes(name)).slice(0, 2);
  if (!isOfTime || new Set(times).size < times.length || times.length < 2 || drawn.length === 0) return null;
  return timeBars(visit, words(report.replaceAll("-", "_")) + " over time; the table below has the figures",
    drawn.map(([name]) => name), answer.rows.map((row) => [row[0], ...drawn.map(([, i]) => row[i])]));
}

function rows(report, answer) {
  const numeric = answer.columns.map((_, i) => answer.rows.every((row) =>
    row[i] === null || typeof row[i] === "number" || /^-?\d+(\.\d+)?$/.test(row[i])));
  return el("div", {},
    table(report, answer.columns.map((name, i) => [words(name), numeric[i] ? "money" : ""]),
      answer.rows.slice(0, ROWS_MAX).map((row) => el("tr", {}, ...row.map((value, i) =>
        td(numeric[i] ? "money" : "", cell(answer.columns[i], value)))))).root,
    answer.truncated || answer.rows.length > ROWS_MAX
      ? el("p", { class: "note" }, "There are more rows: ./spendwatch query " + report + " --limit N") : null);
}

function cell(column, value) {
  if (value === null) return NONE;
  if (column === "user_id") return userLink(value);
  if (typeof value === "number") return count(value);
  return /^\d{4}-\d\d-\d\dT/.test(value) ? time(value, "full") : shown(value);
}
