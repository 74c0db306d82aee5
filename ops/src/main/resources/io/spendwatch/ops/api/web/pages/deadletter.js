// One dead letter in full, and its way back.

import { ask, path, send } from "../api.js";
import { el, put, say } from "../dom.js";
import { count, shown, time } from "../format.js";
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
    const letter = await ask(path(["dead-letters", ...at]), visit.signal);
    panel.show(...whole(letter));
    if (letter.replayedTo) {
      button.disabled = true;
      say(said, "Was sent back: it is at " + letter.replayedTo + ".");
    }
  }, "There is no dead letter at this place. It may have expired.");

  async function replay() {
    button.disabled = true;
    try {
      const sent = await send(path(["dead-letters", ...at, "replay"]), {}, visit.signal);
      say(said, "Sent back" + (sent?.to ? " to " + sent.to : "") + ". It is assessed like any record; if it is put aside again, it is a new dead letter.");
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
  const headers = letter.headers ?? [];
  return [
    el("dl", { class: "facts" },
      fact("Reason", chip(shown(letter.reason), "late")),
      fact("Put aside", time(letter.at, "full")),
      fact("Read at", el("span", { class: "id" }, from(letter))),
      fact("Key", el("span", { class: "id" }, shown(letter.key))),
      letter.replayOf ? fact("Was before", el("span", { class: "id" }, letter.replayOf)) : null),
    el("p", { class: "sentence" }, shown(letter.message)),
    value(letter),
    headers.length > 0 ? el("h3", {}, "Headers") : null,
    headers.length > 0
      ? table("Headers", [["Name"], ["Value"]], headers.map((header) => el("tr", {},
        td("id", shown(header.name)), td("id wrap", shown(header.value ?? header.valueBase64))))).root : null,
  ].filter(Boolean);
}

function value(letter) {
  if (letter.value) return copyable("Value", letter.value);
  if (letter.valueBase64) return copyable("Value, no text, in base64", letter.valueBase64);
  return el("p", { class: "empty" }, letter.valueOmitted
    ? "Its value of " + count(letter.valueBytes) + " bytes was too large to be kept." : "It has no value.");
}
