// Who is nearest to, or over, their limit; and the way to one user.

import { ask, path } from "../api.js";
import { el, put } from "../dom.js";
import { shown } from "../format.js";
import { bar, chip, choice, empty, field, heading, Panel, table, td, userLink, within } from "../parts.js";

const ORDERS = [["ratio", "share of their balance"], ["excess", "excess over it"], ["exposure", "exposure"]];

export function open(visit) {
  visit.title("Users");
  const by = choice("by", ORDERS, visit.query.get("by") ?? "ratio");
  const panel = new Panel(visit, "Nearest to, or over, their limit", { actions: [field("By", by)] });
  const id = el("input", {
    id: "user-id", maxlength: 64, required: true, autocomplete: "off", autocapitalize: "off", spellcheck: "false",
  });
  const go = el("form", {
    class: "inline",
    on: {
      submit: (event) => {
        event.preventDefault();
        location.hash = "#/users/" + encodeURIComponent(id.value.trim());
      },
    },
  }, field("User id", id), el("button", { type: "submit" }, "Show"));
  put(visit.root, heading("Users", go), panel.root);
  const again = visit.every(3000, () => within(panel, async () => {
    const page = await ask(path(["top"], { by: by.value, limit: 100 }), visit.signal);
    panel.show(missing(page), topTable(page.items ?? []));
  }, "This node does not tell who is nearest to their limit. A user is found by the id above."));
  by.addEventListener("change", () => {
    visit.remember(new URLSearchParams({ by: by.value }));
    again();
  });
}

const NOBODY = ["Nobody has spent anything in the last 24 hours. To see somebody, send traffic: ",
  "./spendwatch load"];

/** Who is not among them, as their partitions have not answered. */
export function missing(page) {
  const partitions = page.missingPartitions ?? [];
  return partitions.length === 0 ? null
    : el("p", { class: "problem" }, "Without the users of partitions " + partitions.join(", ") + ", which have not answered.");
}

/** As lines with bars. */
export function topRows(items) {
  if (items.length === 0) return empty(NOBODY[0], el("code", {}, NOBODY[1]));
  return el("ol", { class: "top" }, ...items.map((item) => el("li", {},
    el("span", { class: "top-user" }, userLink(item.userId)),
    el("span", { class: "top-sums" }, shown(item.exposure) + " of " + shown(item.balance), " ",
      el("span", { class: "unit" }, shown(item.currency))),
    bar(item.ratio))));
}

function topTable(items) {
  if (items.length === 0) return empty(NOBODY[0], el("code", {}, NOBODY[1]));
  return table("Users by their limit", [["User"], ["Of the balance"], ["Exposure", "money"],
    ["Balance", "money"], ["Headroom", "money wide"], ["Currency", "wide"], ["Episode", "wide"]],
  items.map((item) => el("tr", {},
    td("", userLink(item.userId)), td("bars", bar(item.ratio)),
    td("money", shown(item.exposure)), td("money", shown(item.balance)), td("money wide", shown(item.headroom)),
    td("wide", shown(item.currency)),
    td("wide", item.openEpisodeId ? chip("over the limit", "raised") : null)))).root;
}
