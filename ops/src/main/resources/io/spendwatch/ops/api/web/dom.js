// Elements without markup: text that comes from outside is only ever text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Of the attributes, `on` holds listeners by event; null and false leave one out, true
 * sets it empty. Of the children, null is left out and what is no node becomes text.
 */
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same within an <svg>. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(child instanceof Node ? child : String(child));
    }
  }
}

/** Puts these in place of all that is in it. */
export function put(element, ...children) {
  element.replaceChildren();
  add(element, children);
}

/** Sets the text where it has changed, so that nothing is laid out again without need. */
export function say(element, text) {
  const next = String(text);
  if (element.textContent !== next) element.textContent = next;
}

let announced = 0;

/** Says something to who listens rather than looks; at most once in five seconds unless it is urgent. */
export function announce(text, urgent = false) {
  const now = Date.now();
  if (urgent || now - announced > 5000) {
    announced = now;
    say(document.getElementById("said"), text);
  }
}
