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
    "Records that could not be judged. Nothing of them is lost: once the cause is mended, each can go back to its topic."),
  reasons, panel.root);
  let items = [];
  let next = null;

  const draw = () => {
    const chosen = visit.query.get("reason");
    put(reasons, ...byReason(items).map(([reason, number]) => el("button", {
      type: "button",
      class: "reason",
      "aria-pressed": String(reason === chosen),
      on: {
        click: () => {
          visit.remember(new URLSearchParams(reason === chosen ? {} : { reason }));
          draw();
        },
      },
    }, reason + " ", el("strong", {}, count(number)))));
    const seen = items.filter((item) => !chosen || item.reason === chosen);
    if (seen.length === 0) {
      panel.show(empty(chosen ? "None of those that are loaded has this reason." : "None: every record could be judged."));
    } else {
      panel.show(listed(seen), el("div", {}, more(next, load)));
    }
  };
  const load = async (cursor) => {
    const page = await ask(path(["dead-letters"], { limit: LIMIT, cursor }), visit.signal);
    items = cursor ? [...items, ...(page.items ?? [])] : page.items ?? [];
    next = page.next ?? null;
    draw();
  };
  within(panel, () => load(null),
    "This node does not list dead letters. They are in the topics that end in .dlq, with the reason in a header.");
}

function byReason(items) {
  const counts = new Map();
  for (const item of items) counts.set(item.reason, (counts.get(item.reason) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** The address of one: where it is in the topic of the dead letters. */
export function place(letter) {
  return [letter.topic, letter.partition, letter.offset];
}

function listed(items) {
  return table("Dead letters", [["When", "when"], ["Reason"], ["What was wrong"], ["Key", "wide"], ["From", "wide"], ["Record", "why"]],
    items.map((letter) => el("tr", {},
      td("when", time(letter.timestamp ?? letter.at)),
      td("", chip(shown(letter.reason), "late"), letter.replayedAt ? el("span", { class: "note" }, " sent back") : null),
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
  return [source.topic ?? letter.sourceTopic, source.partition ?? letter.sourcePartition, source.offset ?? letter.sourceOffset]
    .map(shown).join(" / ");
}
