// One dead letter in full, and its way back.

import { ask, path, send } from "../api.js";
import { el, put, say } from "../dom.js";
import { shown, time } from "../format.js";
import { chip, copyable, fact, heading, Panel, table, td, within } from "../parts.js";
import { from } from "./deadletters.js";

export function open(visit) {
  const at = visit.parts.slice(1);
  visit.title("Dead letter");
  const panel = new Panel(visit, at.join(" / "), { staleMs: Infinity });
  const said = el("p", { class: "note", role: "status" });
  const button = el("button", { type: "button", on: { click: () => dialog.showModal() } }, "Send back to its topic…");
  const dialog = confirmation(() => replay());
  put(visit.root, heading("Dead letter", el("span", { class: "spring" }), button), said, panel.root, dialog);

  within(panel, async () => {
    panel.show(...whole(await ask(path(["dead-letters", ...at]), visit.signal)));
  }, "There is no dead letter at this place. It may have expired.");

  async function replay() {
    button.disabled = true;
    try {
      await send(path(["dead-letters", ...at, "replay"]), {}, visit.signal);
      say(said, "Sent back. It is judged like any record; if it is put aside again, it is a new dead letter.");
    } catch (failure) {
      if (failure.name === "AbortError") return;
      button.disabled = false;
      say(said, failure.status === 404
        ? "This node sends none back. On the command line: ./spendwatch dead-letters replay"
        : "Not sent back: " + failure.message);
    }
  }
}

function confirmation(replay) {
  const close = () => dialog.close();
  const dialog = el("dialog", { "aria-labelledby": "replay-title" },
    el("h2", { id: "replay-title" }, "Send this record back?"),
    el("p", {}, "It goes to the topic that it came from, as it is. That helps only where the cause is mended: an account's "
      + "currency, a clock, a fault of ours. A record that is wrong in itself comes back here."),
    el("div", { class: "buttons" },
      el("button", { type: "button", on: { click: close }, autofocus: true }, "Cancel"),
      el("button", {
        type: "button",
        class: "primary",
        on: {
          click: () => {
            close();
            replay();
          },
        },
      }, "Send back")));
  return dialog;
}

function whole(letter) {
  const headers = letter.headers ?? {};
  const pairs = Array.isArray(headers) ? headers.map((each) => [each.name ?? each.key, each.value]) : Object.entries(headers);
  return [
    el("dl", { class: "facts" },
      fact("Reason", chip(shown(letter.reason), "late")),
      fact("When", time(letter.timestamp ?? letter.at, "full")),
      fact("Read at", el("span", { class: "id" }, from(letter))),
      fact("Key", el("span", { class: "id" }, shown(letter.key)))),
    el("p", { class: "sentence" }, shown(letter.message)),
    copyable("Value", pretty(letter.value ?? letter.payload ?? letter.valueBase64 ?? "")),
    pairs.length > 0 ? el("h3", {}, "Headers") : null,
    pairs.length > 0
      ? table("Headers", [["Name"], ["Value"]], pairs.map(([name, value]) =>
        el("tr", {}, td("id", shown(name)), td("id wrap", shown(value))))).root : null,
  ].filter(Boolean);
}

/** A value that came as JSON of its own stays as it is; an object is set out. */
function pretty(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
