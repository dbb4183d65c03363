/**
 * Components and pages as WeChat runs them: the base library's own component system over jsdom, by
 * way of miniprogram-simulate.
 */

"use strict";

const { JSDOM } = require("jsdom");

// miniprogram-simulate looks for a window as soon as it is loaded.
const { window } = new JSDOM("<body></body>", { pretendToBeVisual: true });
for (const name of ["document", "CustomEvent", "Event", "TouchEvent", "HTMLElement", "Node"]) {
  global[name] = window[name];
}
global.window = window;

const simulate = require("miniprogram-simulate");

// WeChat's own compiler of WXML is there as a program for x64 only.
const compiler = process.arch === "x64" ? "official" : "simulate";

/** A page is a component whose functions are its methods. */
global.Page = ({ data, ...methods }) => {
  const attached = () => {};
  Component({
    data,
    methods,
    lifetimes: {
      attached() {
        (this.onLoad ?? attached).call(this, {});
      },
    },
  });
};

/** Opens a component or a page, of the files under `rootPath`. */
function opened(t, file, rootPath, properties) {
  const component = simulate.render(simulate.load(file, { rootPath, compiler }), properties);
  component.attach(document.body);
  t.after(() => component.detach());
  return component;
}

/** What the template says of an element: its attributes, and the `text` in it. */
function drawn(component, selector) {
  const found = component.querySelector(selector);
  if (!found) return undefined;
  const { attrs } = found.toJSON();
  // The compilers differ in how they write names.
  const dashed = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const attributes = Object.fromEntries(attrs.map(({ name, value }) => [dashed(name), value]));
  return { ...attributes, text: found.dom.textContent };
}

/** What a person does. A button that is disabled takes no tap. */
function tap(component, selector) {
  if (drawn(component, selector).disabled) throw new Error(`${selector} is disabled`);
  component.querySelector(selector).dispatchEvent("tap");
}

function type(component, selector, value) {
  component.querySelector(selector).dispatchEvent("input", { detail: { value } });
  return eventually(() => drawn(component, selector).value === value);
}

/** Once a look finds something; fails at the deadline. */
async function eventually(look, ms = 5000) {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = look();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`${ms} ms went by, and still not ${look}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

module.exports = { drawn, eventually, opened, tap, type };
