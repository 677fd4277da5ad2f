// Small helpers for making elements; text is always text, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** Makes an element: `h("button", { class: "x", onclick: f }, "text", child)`. */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

/** The element with this id; the page has it. */
export const $ = (id) => document.getElementById(id);

/** Sets the text only if it is another, so that nothing is laid out (or read aloud) again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Brings `parent`'s children to one element for each of `items`, reusing those with the same key, in order.
 * `make(item)` makes an element, `update(element, item)` brings it up to date.
 */
export function keyed(parent, items, key, make, update) {
  const old = new Map();
  for (const child of [...parent.children]) {
    if (child.dataset.key === undefined) child.remove();
    else old.set(child.dataset.key, child);
  }
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let element = old.get(name);
    if (element) old.delete(name);
    else {
      element = make(item);
      element.dataset.key = name;
    }
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const child of old.values()) child.remove();
}

/** The sign of an alarm priority: shape, colour and number say the same. */
export function sign(priority) {
  const shapes = {
    high: svg("rect", { x: 1.5, y: 1.5, width: 13, height: 13, rx: 1.5 }),
    medium: svg("path", { d: "M8 1 L15.5 14.5 L0.5 14.5 Z" }),
    low: svg("circle", { cx: 8, cy: 8, r: 6.5 }),
    info: svg("path", { d: "M8 1 L15 8 L8 15 L1 8 Z" }),
  };
  const marks = { high: "1", medium: "2", low: "3", info: "" };
  const y = priority === "medium" ? 13 : 11.8;
  return svg("svg", { class: `sign ${priority}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
    shapes[priority] ?? shapes.info, svg("text", { x: 8, y, "text-anchor": "middle" }, marks[priority] ?? ""));
}
