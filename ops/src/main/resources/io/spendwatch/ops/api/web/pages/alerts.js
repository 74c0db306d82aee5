// All alerts, by what is asked for. The question is in the address, so that it can be shared.

import { ask, download, path } from "../api.js";
import { alertRow, alertTable } from "../alertlist.js";
import { announce, el, put, say } from "../dom.js";
import { choice, empty, field, filled, heading, more, Panel, within } from "../parts.js";

const NAMES = ["type", "userId", "merchant", "late", "open", "minExcess", "from", "to"];
const LIMIT = 100;

export function open(visit) {
  visit.title("Alerts");
  const panel = new Panel(visit, "Newest first", { staleMs: Infinity, actions: [csvButton(() => question())] });
  const form = filters(visit.query);
  put(visit.root, heading("Alerts"), form, panel.root);

  /** What is asked of the interface: times in the form are UTC. */
  function question() {
    const query = {};
    for (const name of NAMES) if (visit.query.get(name)) query[name] = visit.query.get(name);
    for (const name of ["from", "to"]) if (query[name] && !/Z|[+-]\d\d:?\d\d$/.test(query[name])) query[name] += "Z";
    return query;
  }

  const load = () => within(panel, async () => {
    const page = await ask(path(["alerts"], { ...question(), limit: LIMIT }), visit.signal);
    const items = page.items ?? [];
    if (items.length === 0) {
      panel.show(visit.query.size > 0
        ? empty("No alert is like that. Take a filter away, or widen the times.")
        : empty("No alert yet. To see some, send traffic: ", el("code", {}, "./spendwatch load")));
      return;
    }
    const made = alertTable("Alerts");
    made.body.append(...items.map((alert) => alertRow(alert)));
    const next = async (cursor) => {
      const following = await ask(path(["alerts"], { ...question(), limit: LIMIT, cursor }), visit.signal);
      made.body.append(...(following.items ?? []).map((alert) => alertRow(alert)));
      put(foot, more(following.next, next));
    };
    const foot = el("div", {}, more(page.next, next));
    panel.show(made.root, foot);
    announce(items.length + (page.next ? " or more" : "") + " alerts", true);
  }, "This node does not list alerts.");

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    visit.remember(filled(form));
    fresh.hidden = true;
    load();
  });
  form.addEventListener("change", () => form.requestSubmit());

  // A list that is read is not changed under who reads it.
  let newer = 0;
  const fresh = el("button", { type: "button", class: "pill", hidden: true, on: { click: () => form.requestSubmit() } });
  panel.name.after(fresh);
  visit.on("alert", (alert) => {
    if (!fits(alert, visit.query)) return;
    newer = fresh.hidden ? 1 : newer + 1;
    fresh.hidden = false;
    say(fresh, newer + " new");
  });
  load();
}

/** As far as it can be told from the alert itself. */
function fits(alert, query) {
  return (!query.get("type") || alert.type === query.get("type"))
    && (!query.get("userId") || alert.userId === query.get("userId"))
    && (!query.get("late") || String(Boolean(alert.late)) === query.get("late"))
    && !query.get("merchant") && !query.get("to");
}

function filters(query) {
  const text = (name, attributes = {}) =>
    el("input", { name, value: query.get(name) ?? "", autocomplete: "off", spellcheck: "false", ...attributes });
  const form = el("form", { class: "filters", role: "search", "aria-label": "Filters" },
    field("Type", choice("type", [["", "any"], ["RAISED", "raised"], ["CLEARED", "cleared"]], query.get("type"))),
    field("User id", text("userId", { maxlength: 64, size: 12 })),
    field("Merchant", text("merchant", { maxlength: 64, size: 12 })),
    field("Late", choice("late", [["", "any"], ["true", "late only"], ["false", "not late"]], query.get("late"))),
    field("Episode", choice("open", [["", "any"], ["true", "still open"]], query.get("open"))),
    field("Excess at least", text("minExcess", { inputmode: "decimal", size: 8, pattern: "[0-9]+([.][0-9]+)?" })),
    field("From, UTC", text("from", { type: "datetime-local", step: 1 })),
    field("To, UTC", text("to", { type: "datetime-local", step: 1 })),
    el("div", { class: "buttons" }, el("button", { type: "submit", class: "primary" }, "Filter"),
      el("button", { type: "button", on: { click: () => clear(form) } }, "Clear")));
  return form;
}

function clear(form) {
  for (const input of form.elements) if (input.name) input.value = "";
  form.requestSubmit();
}

/** The interface gives CSV to who accepts it, which a mere link can't say. */
function csvButton(question) {
  const button = el("button", {
    type: "button",
    on: {
      click: async () => {
        button.disabled = true;
        try {
          const cut = await download(path(["alerts"], { ...question(), limit: 500 }), "alerts.csv");
          if (cut) announce("There are more than the file has: choose a shorter time for the rest", true);
        } catch (failure) {
          announce("Not answered: " + failure.message, true);
          say(button, "Not answered: " + failure.message);
          setTimeout(() => say(button, "Download CSV"), 5000);
        } finally {
          button.disabled = false;
        }
      },
    },
  }, "Download CSV");
  return button;
}
