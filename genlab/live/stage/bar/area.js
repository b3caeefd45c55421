// A cell of the grid; several panels in it are tabs, moved through with the arrow keys. At the side of the picture stands
// what belongs to it and must not lie over it.

/** @import { Lab } from "../lab.js" */
/** @import { Panel } from "../panels/panel.js" */
import { element, press, toggle } from "../page/dom.js";
import { recall, remember } from "../page/memory.js";

export class Area {
  /** @param {Lab} lab @param {string} name of the grid area */
  constructor(lab, name) {
    this.lab = lab;
    this.name = name;
    /** @type {Panel[]} */
    this.panels = [];
    /** @type {Panel | null} */
    this.current = null;
    this.titles = "";
    this.tabs = element("div", { class: "tabs" });
    this.tools = element("div", { class: "tools" });
    this.bigger = toggle("", "Enlarge (Escape ends it)", on => lab.enlarged.show(on ? this : null));
    this.bigger.innerHTML = '<svg width="14" height="14" aria-hidden="true"><path d="M1 5V1h4M9 1h4v4M13 9v4H9M5 13H1V9" /></svg>';
    this.own = element("div", { class: "own" });
    this.side = element("div", { class: "side" }, this.own);
    this.pair = element("div", { class: "pair" }, this.side);
    this.body = element("div", { class: "body" }, this.pair);
    this.node = element("div", { class: "area", "data-area": name, style: `grid-area:${name}` });
    this.node.append(element("div", { class: "head" }, this.bigger, this.tools, this.tabs), this.body);
    this.tabs.onkeydown = event => this.move(event);
  }

  /** @param {Panel[]} panels */
  hold(panels) {
    this.panels = panels;
    this.current = panels.find(panel => panel.id === recall(this.memory(), "")) ?? panels[0];
    const titles = panels.map(panel => `${panel.id} ${panel.spec.title}`).join();
    if (titles !== this.titles) {
      const single = panels.length === 1;
      this.tabs.setAttribute("role", single ? "presentation" : "tablist");
      this.tabs.replaceChildren(...panels.map(panel => (single ? element("h3", {}, panel.spec.title) : this.tab(panel))));
      this.titles = titles;
    }
    this.pair.append(...panels.map(panel => panel.node).filter(node => node.parentNode !== this.pair));
    this.show(this.current);
  }

  /** @param {Panel} panel */
  tab(panel) {
    const tab = element("button", { type: "button", role: "tab", "data-tab": panel.id }, panel.spec.title);
    tab.onclick = () => this.choose(panel.id);
    return tab;
  }

  /** A person's choice, which holds for every lab of the group. @param {string} id */
  choose(id) {
    remember(this.memory(), id);
    for (const lab of this.lab.group()) lab.room.areas.get(this.name)?.bring(id);
  }

  /** @param {string} id */
  bring(id) {
    const panel = this.panels.find(panel => panel.id === id);
    if (!panel) return;
    this.show(panel);
    this.lab.room.fit();
    this.lab.feed.subscribe();
    this.lab.draw();
  }

  memory() {
    return `tab-${this.lab.data.group}${this.name}`;
  }

  /** @param {Panel} current */
  show(current) {
    this.current = current;
    for (const panel of this.panels) panel.show(panel === current);
    const tools = [...(current.spec.caption ? [current.about] : []), ...current.tools];
    if (tools.length !== this.tools.children.length || tools.some((tool, i) => this.tools.children[i] !== tool)) this.tools.replaceChildren(...tools);
    // The column of the main picture is as wide as its first panel is with what stands beside it, whichever tab is in
    // front; wider than that it is only while a panel is seen that needs it.
    this.side.hidden = !current.aside && !this.panels[0].aside;
    this.side.classList.toggle("kept", !current.aside);
    if (this.own.firstChild !== current.aside) this.own.replaceChildren(...(current.aside ? [current.aside] : []));
    for (const tab of this.tabButtons()) {
      const selected = tab.dataset.tab === current.id;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
    }
  }

  tabButtons() {
    return /** @type {HTMLElement[]} */ ([...this.tabs.querySelectorAll("[role=tab]")]);
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const tabs = this.tabButtons();
    if (!step || !tabs.length) return;
    event.preventDefault();
    event.stopPropagation();
    const next = tabs[(tabs.findIndex(tab => tab === document.activeElement) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  }

  /** @param {boolean} on */
  showEnlarged(on) {
    press(this.bigger, on);
    this.node.classList.toggle("enlarged", on);
  }
}
