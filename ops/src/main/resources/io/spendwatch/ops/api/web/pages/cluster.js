// Nodes, who has which partition, and how rounds of the archive stand.

import { ask, path } from "../api.js";
import { el, put } from "../dom.js";
import { count, duration, shown, time, words } from "../format.js";
import { chip, empty, heading, Panel, table, td, within } from "../parts.js";

export function open(visit) {
  visit.title("Cluster");
  const state = el("span", { class: "beside" });
  const nodes = new Panel(visit, "Nodes");
  const partitions = new Panel(visit, "Partitions");
  const lost = new Panel(visit, "Lost records");
  const rounds = new Panel(visit, "Rounds of the archive");
  put(visit.root, heading("Cluster", state), nodes.root, partitions.root, lost.root, rounds.root);
  rounds.root.hidden = true;
  const again = visit.every(2000, () => within(nodes, async () => {
    const status = await ask(path(["status"]), visit.signal);
    const all = status.nodes ?? [];
    const shares = status.partitions ?? [];
    const losses = status.lostRecords ?? [];
    put(state, ...wellness(all, shares, losses, status.rounds?.steps ?? []));
    nodes.show(nodeTable(all, status.node));
    partitions.show(shares.length > 0 ? partitionTable(shares)
      : empty("No partition is known: Kafka was not reached yet, or its topics are missing. To make them: ",
        el("code", {}, "./spendwatch migrate")));
    lost.root.hidden = losses.length === 0;
    lost.show(lossTable(losses));
    rounds.root.hidden = !status.rounds;
    if (status.rounds) rounds.show(roundsLine(status.rounds), stepTable(status.rounds.steps));
  }));
  visit.on("cluster", () => again());
}

function wellness(nodes, partitions, losses, steps) {
  const unwell = nodes.filter((node) => !node.reachable || node.state !== "READY").length;
  const unowned = partitions.filter((partition) => partition.state === "UNOWNED").length;
  const signs = [];
  if (unwell > 0) signs.push(chip(unwell + (unwell === 1 ? " node" : " nodes") + " not ready", "raised"));
  if (unowned > 0) signs.push(chip(unowned + " partitions without a node", "raised"));
  if (losses.length > 0) signs.push(chip("records lost", "raised"));
  for (const step of steps.filter((each) => each.state === "FAILED")) {
    signs.push(chip("the archive's " + words(step.step) + " has failed", "raised"));
  }
  return signs.length > 0 ? signs : [chip("all ready", "cleared")];
}

function nodeTable(nodes, asked) {
  return table("Nodes", [["Node"], ["State"], ["Member", "wide"], ["HTTP", "wide"], ["Users in memory", "money"],
    ["Started", "wide"], ["From other nodes", "money wide"], ["Waits for"]],
  nodes.map((node) => el("tr", {},
    td("id", shown(node.id ?? node.address), node.id === asked ? el("span", { class: "note" }, " this one") : null),
    td("", node.reachable === false ? chip("out of reach", "raised")
      : chip(node.state ? words(node.state) : "silent", node.state === "READY" ? "cleared" : "late")),
    td("wide", shown(node.member)),
    td("wide id", shown(node.http)),
    td("money", count(node.usersAwake)),
    td("wide", time(node.startedAt)),
    td("money wide", count(node.deliveries?.remote)),
    td("wrap", ...waits(node))))).root;
}

function waits(node) {
  const texts = [...(node.waitingFor ?? []), ...(node.unreadableRows ?? [])];
  return texts.length > 0 ? texts.map((text) => el("div", {}, text)) : [shown(null)];
}

function partitionTable(partitions) {
  return table("Partitions", [["Partition"], ["State"], ["Node"], ["Behind", "money"], ["Records", "money"],
    ["Users", "money"], ["Transactions", "money"], ["Alerts", "money"], ["Dead letters", "money wide"],
    ["Duplicates", "money wide"], ["Epoch", "money wide"], ["Position", "money wide"], ["Restarts", "money wide"],
    ["Last event", "wide"]],
  partitions.map((each) => el("tr", {},
    td("", each.topic + " ", el("strong", {}, each.partition)),
    td("", chip(words(each.state), partitionKind(each)), each.waitingFor ? el("p", { class: "note" }, each.waitingFor) : null),
    td("id", shown(each.node)),
    td("money", duration(each.lagMs)),
    td("money", count(each.lagRecords)),
    td("money", count(each.usersAwake)),
    td("money", count(each.transactions)),
    td("money", count(each.alerts)),
    td("money wide", count(each.deadLetters), each.internalErrors > 0
      ? el("span", { class: "note" }, " " + each.internalErrors + " by faults of ours") : null),
    td("money wide", count(each.duplicates)),
    td("money wide", shown(each.epoch)),
    td("money wide", count(each.position)),
    td("money wide", count(each.restarts)),
    td("wide", time(each.lastEventTime))))).root;
}

function partitionKind(partition) {
  if (partition.state === "UNOWNED") return "raised";
  return partition.waitingFor ? "late" : "";
}

function lossTable(losses) {
  return table("Lost records", [["Partition"], ["From", "money"], ["To", "money"], ["Reason"], ["Noticed", "when"], ["By"]],
    losses.map((loss) => el("tr", {},
      td("", loss.topic + " " + loss.partition), td("money", shown(loss.from)), td("money", shown(loss.to)),
      td("", words(loss.reason)), td("when", time(loss.noticedAt)), td("id", shown(loss.noticedBy))))).root;
}

function roundsLine(rounds) {
  return el("p", { class: "note" },
    ...(rounds.completedAt ? ["The last complete one ended ", time(rounds.completedAt)] : ["None was complete yet"]), ". ",
    ...(rounds.holder ? ["One is under way: " + rounds.holder + "."]
      : rounds.dueAt ? ["The next is due ", time(rounds.dueAt), "."] : ["They are done by command."]));
}

const STEP_KINDS = { DONE: "cleared", FAILED: "raised", WAITING: "late" };

function stepTable(steps) {
  return table("Rounds of the archive", [["Step"], ["State"], ["What"], ["Last run", "when"], ["Took", "money"],
    ["Last done", "when wide"], ["Again", "when"]],
  steps.map((each) => el("tr", {},
    td("", words(each.step)),
    td("", chip(words(each.state), STEP_KINDS[each.state] ?? "")),
    td("wrap", shown(each.reason)),
    td("when", time(each.begunAt)),
    td("money", duration(each.tookMs)),
    td("when wide", time(each.doneAt)),
    td("when", time(each.retryAt))))).root;
}
