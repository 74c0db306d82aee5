// Records that were put aside: which, and why.

import { ask, path } from "../api.js";
import { el, put } from "../dom.js";
import { count, shown, time } from "../format.js";
import { chip, empty, heading, more, Panel, table, td, within } from "../parts.js";

const LIMIT = 100;

export function open(visit) {
  visit.title("Dead letters");
  const panel = new Panel(visit, "Newest first", { staleMs: 60_000 });
  const reasons = el("div", { class: "reasons", role: "group", "aria-label": "By reason" });
  put(visit.root, heading("Dead letters"), el("p", { class: "lead" },
    "Records that could not be assessed. Nothing of them is lost: once the cause is mended, each can go back to its topic."),
  reasons, panel.root);
  const counts = new Map();
  let items = [];

  /** How many of each reason have been seen here. */
  const drawReasons = () => {
    const chosen = visit.query.get("reason");
    put(reasons, ...[...counts].sort((a, b) => b[1].size - a[1].size).map(([reason, places]) => el("button", {
      type: "button",
      class: "reason",
      "aria-pressed": String(reason === chosen),
      on: {
        click: () => {
          visit.remember(new URLSearchParams(reason === chosen ? {} : { reason }));
          begin();
        },
      },
    }, reason + " ", el("strong", {}, count(places.size)))));
  };
  const load = async (cursor) => {
    const reason = visit.query.get("reason");
    const page = await ask(path(["dead-letters"], { limit: LIMIT, cursor, reason }), visit.signal);
    items = cursor ? [...items, ...(page.items ?? [])] : page.items ?? [];
    for (const item of items) {
      if (!counts.has(item.reason)) counts.set(item.reason, new Set());
      counts.get(item.reason).add(place(item).join("/"));
    }
    drawReasons();
    const further = el("div", {}, more(page.next, load));
    if (items.length > 0) panel.show(listed(items), further);
    else if (reason) panel.show(empty("None has this reason, as far as was searched."), further);
    else panel.show(empty("None: every record could be assessed."), further);
  };
  const begin = () => within(panel, () => load(null),
    "This node does not list dead letters. They are in the topics that end in .dlq, with the reason in a header.");
  begin();
}

/** The address of one: where it is in the topic of the dead letters. */
export function place(letter) {
  return [letter.topic, letter.partition, letter.offset];
}

function listed(items) {
  return table("Dead letters", [["When", "when"], ["Reason"], ["What was wrong"], ["Key", "wide"], ["From", "wide"], ["Record", "why"]],
    items.map((letter) => el("tr", {},
      td("when", time(letter.at)),
      td("", chip(shown(letter.reason), "late")),
      td("wrap", shown(letter.message)),
      td("wide id", shown(letter.key)),
      td("wide id", from(letter)),
      td("why", el("a", {
        href: "#/dead-letters/" + place(letter).map(encodeURIComponent).join("/"),
        "aria-label": "Show the record at offset " + letter.offset,
      }, "Show"))))).root;
}

/** Where the record was read. */
export function from(letter) {
  const source = letter.source ?? {};
  return [source.topic, source.partition, source.offset].map(shown).join(" / ");
}
