// Who asks: the token that a node may want, kept for this tab and no longer.

import { el, put } from "./dom.js";

const KEY = "spendwatch-token";

/** Where a browser keeps nothing for pages. */
let memory = null;
/** Whether somebody has said that there is none: then nobody is asked again before they want to. */
let declined = false;
let asking = null;

/** Fires `change` when a token has come, gone or been declined. */
export const login = new EventTarget();

function kept() {
  try {
    return sessionStorage.getItem(KEY) ?? memory;
  } catch {
    return memory;
  }
}

function keep(token) {
  memory = token;
  try {
    if (token === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
  } catch {
    // It stays in memory.
  }
  login.dispatchEvent(new Event("change"));
}

/** Keeps what the address brings (`/#token=…`, as the demo prints it), and takes it out of the history. */
function takeFromAddress() {
  const brought = /^#token=(.+)$/.exec(location.hash);
  if (brought === null) return false;
  history.replaceState(null, "", location.pathname + location.search);
  keep(brought[1]);
  return true;
}

/** Whether there is one, none is needed so far, or one is wanted: "in", "unasked", "out". */
export function state() {
  if (kept() !== null) return "in";
  return declined ? "out" : "unasked";
}

/** Forgets the token, and begins anew. */
export function leave() {
  keep(null);
  location.reload();
}

/** Asks for one again. */
export function enter() {
  location.reload();
}

/**
 * fetch, with the token. Where the node wants one, or another one, the person is asked, and then the
 * node again; who has none is answered with what the node says.
 */
export async function fetchAs(url, options) {
  for (;;) {
    const shown = kept();
    const headers = shown === null ? options.headers : { ...options.headers, Authorization: "Bearer " + shown };
    const response = await fetch(url, { ...options, headers });
    if (response.status !== 401) return response;
    // Another question may have brought one meanwhile.
    if (shown === kept() && !(await wanted(shown !== null))) return response;
    await response.body?.cancel();
  }
}

/** However many questions want one, one dialog is shown. */
function wanted(wrong) {
  if (declined) return Promise.resolve(false);
  asking ??= ask(wrong).finally(() => (asking = null));
  return asking;
}

function ask(wrong) {
  return new Promise((resolve) => {
    const field = el("input", {
      id: "token", type: "password", autocomplete: "off", spellcheck: "false", maxlength: 16384, required: true,
    });
    const form = el("form", {},
      el("h2", { id: "token-title" }, "This node asks who you are"),
      el("p", {}, wrong
        ? "It does not know the token that this page has shown, or it is no longer valid."
        : "Its operators give out tokens. Yours is kept until this tab is closed, and sent to this node only."),
      el("div", { class: "field" }, el("label", { for: "token" }, "Token"), field),
      el("div", { class: "buttons" },
        el("button", { type: "button", on: { click: () => dialog.close() } }, "I have none"),
        el("button", { type: "submit", class: "primary" }, "Use it")));
    const dialog = el("dialog", { class: "token", "aria-labelledby": "token-title" }, form);
    let entered = null;
    const shown = kept();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      entered = field.value.trim();
      if (entered) dialog.close();
    });
    dialog.addEventListener("close", () => {
      put(dialog);
      dialog.remove();
      if (entered) {
        keep(entered);
      } else {
        declined = true;
        // Not one that the address has brought while the dialog was there.
        if (kept() === shown) keep(null);
      }
      resolve(Boolean(entered));
    });
    document.body.append(dialog);
    dialog.showModal();
    field.focus();
  });
}

// Before the frame reads the address. A page that is open already begins anew with it.
takeFromAddress();
addEventListener("hashchange", () => takeFromAddress() && location.reload());
