// What the audit says: its runs, and what they have found.

import { ask, path, send } from "../api.js";
import { announce, el, put, say } from "../dom.js";
import { count, duration, shown, time, words } from "../format.js";
import { auditState, chip, copyable, empty, fact, heading, Panel, table, td, userLink, within } from "../parts.js";

export function open(visit) {
  visit.title("Audit");
  const state = el("span", { class: "beside" });
  const findings = new Panel(visit, "Open findings");
  const runs = new Panel(visit, "Runs, newest first");
  const said = el("p", { class: "note", role: "status" });
  const button = el("button", { type: "button", class: "primary", on: { click: () => run() } }, "Run an audit now");
  put(visit.root, heading("Audit", state, el("span", { class: "spring" }), button), said,
    el("p", { class: "lead" },
      "Every few minutes SQL recomputes exposures, verdicts and alerts from the tables alone and holds them against what was announced."),
    findings.root, runs.root);

  const again = visit.every(5000, () => within(runs, async () => {
    const answer = await ask(path(["reconciliations"]), visit.signal);
    const list = answer.runs ?? answer.items ?? [];
    const open = answer.openFindings ?? [];
    const last = list.find((each) => each.outcome) ?? list[0];
    const [text, kind] = auditState(last ? { ...last, openFindings: last.openFindings ?? open.length } : null);
    put(state, chip(text, kind === "good" ? "cleared" : kind === "bad" ? "raised" : ""));
    findings.show(open.length > 0 ? el("ul", { class: "findings" }, ...open.map(finding))
      : last ? empty("None: the tables say the same as was announced.")
        : empty("Nothing was audited yet. The first run comes by itself; the button above runs one now."));
    runs.show(list.length > 0 ? runTable(list) : empty("No run yet."));
  }));
  visit.on("audit", () => again());

  async function run() {
    button.disabled = true;
    say(said, "The audit runs. It may take a while.");
    try {
      const report = await send(path(["reconciliations"]), {}, visit.signal);
      const number = report?.findingsTotal ?? report?.findings;
      say(said, number === undefined || number === null || typeof number === "object"
        ? "The audit was begun." : Number(number) === 0 ? "The audit is clean." : "The audit has " + count(number) + " findings.");
    } catch (failure) {
      if (failure.name === "AbortError") return;
      say(said, failure.status === 404 || failure.status === 405
        ? "This node runs no audit by request. On the command line: ./spendwatch audit"
        : "Not run: " + failure.message);
    } finally {
      button.disabled = false;
      announce(said.textContent, true);
      again();
    }
  }
}

function finding(found) {
  return el("li", { class: "finding" },
    el("p", {}, chip(words(found.kind), "raised"), " ",
      found.userId ? el("span", {}, "user ", userLink(found.userId)) : null,
      found.eventTime ? el("span", { class: "note" }, " at ", time(found.eventTime, "full")) : null),
    el("dl", { class: "facts" },
      fact("Expected", shown(found.expected)),
      fact("Found", shown(found.actual)),
      found.transactionId ? fact("Transaction", el("span", { class: "id" }, found.transactionId)) : null,
      found.alertId ? fact("Alert", el("a", { class: "id", href: "#/alerts/" + encodeURIComponent(found.alertId) }, found.alertId)) : null,
      found.kafkaPartition !== null && found.kafkaPartition !== undefined
        ? fact("Record", found.kafkaPartition + " / " + shown(found.kafkaOffset)) : null),
    el("p", { class: "note" }, shown(found.detail)),
    found.reproduce ? copyable("Shown by", found.reproduce) : null);
}

function runTable(list) {
  return table("Runs of the audit", [["Started", "when"], ["Outcome"], ["Findings", "money"], ["Transactions", "money"],
    ["Took", "money wide"], ["Looked at", "wide"], ["Settled until", "wide"], ["Node", "wide"], ["Run", "money wide"]],
  list.map((run) => el("tr", {},
    td("when", time(run.startedAt)),
    td("", outcome(run), run.failure ? el("p", { class: "note" }, run.failure) : null),
    td("money", count(run.findings)),
    td("money", count(run.transactions)),
    td("money wide", run.finishedAt ? duration(new Date(run.finishedAt) - new Date(run.startedAt)) : shown(null)),
    td("wide", run.mode === "FULL" ? "everything" : run.mode === "INCREMENTAL" ? "what is new" : words(run.mode)),
    td("wide", time(run.settledUntil)),
    td("wide id", shown(run.node)),
    td("money wide", shown(run.runId))))).root;
}

function outcome(run) {
  if (!run.outcome) return chip("running");
  return chip(words(run.outcome), run.outcome === "CLEAN" ? "cleared" : "raised");
}
