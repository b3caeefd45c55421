// Another run of the same kind: its curves stand dashed beside those of the lab's own run, and a line names it.

/** @import { Columns, CompanionSpec, FrameHeader, Packet } from "../types.js" */
/** @import { Lab } from "../lab.js" */
import { historyOf } from "../maths/series.js";
import { whole } from "../maths/text.js";
import { action, change, element, swatch } from "../page/dom.js";
import { Feed } from "../wire/feed.js";
import { STATUS } from "./status.js";

const OFTEN_ENOUGH = 2; // histories in a second: of its pictures nothing is shown

export class Companion {
  /** @param {Lab} lab */
  constructor(lab) {
    this.lab = lab;
    /** @type {Columns | null} */
    this.columns = null;
    /** @type {FrameHeader | null} */
    this.header = null;
    /** @type {string | undefined} */
    this.run = undefined;
    this.label = "";
    this.feed = new Feed({
      receive: packet => this.receive(/** @type {Packet<FrameHeader>} */ (packet)),
      streams: () => ["history"],
      say: words => this.say(words),
      expectsNews: () => this.header?.status === "running",
      fastest: OFTEN_ENOUGH,
    });
    this.words = element("span");
    this.away = action("Take away", () => lab.tell("address", { run: lab.data.run }));
    this.away.title = "Remove the dashed curves; the other run goes on";
    this.node = element("div", { class: "companion", hidden: "" }, swatch("currentcolor", "dash"), this.words, this.away);
  }

  /** @param {{companion: CompanionSpec | null, base: string}} data */
  open({ companion, base }) {
    this.node.hidden = !companion;
    this.away.hidden = !companion?.dismissable;
    if (companion?.run !== this.run) {
      this.run = companion?.run;
      this.columns = this.header = null;
    }
    this.label = companion?.label ?? "";
    if (companion) this.feed.open({ ...companion, base });
    else this.feed.close();
    this.say("");
  }

  /** @param {Packet<FrameHeader>} packet */
  receive({ header, arrays }) {
    if (header.kind !== "frame" && header.kind !== "event") return; // its settings are not marked here
    this.header = { ...this.header, ...header };
    if (header.kind === "frame") this.columns = Object.fromEntries(historyOf(arrays).map(([name, { values }]) => [name, values]));
    this.say("");
    this.lab.draw();
  }

  /** @param {string} words about the connection */
  say(words) {
    if (!this.label || this.lab.frozen) return;
    const { header } = this;
    const status = header ? STATUS[header.status].word : "connecting …";
    const how = words || status + (header?.status === "stopped" ? `: ${header.message}` : "");
    change(this.words, `Dashed: ${this.label} · step ${whole(header?.step ?? 0)} · ${how}`);
  }
}
