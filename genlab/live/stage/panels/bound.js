// log p(x) = ELBO + amortisation gap + approximation gap, for the chosen x and over held-out examples.

/** @import { NumberArray, PanelSpec } from "../types.js" */
import { middleBy } from "../maths/series.js";
import { decimal, number, whole } from "../maths/text.js";
import { rowsOf } from "../maths/transforms.js";
import { change, element } from "../page/dom.js";
import { PlotlyPanel } from "./plotly_panel.js";

/** A row of the table: log p(x), ELBO and the two gaps in nats; `error` is that of log p(x). */
/** @typedef {{name: string, values: number[], error?: ArrayLike<number>}} Row */

export class Bound extends PlotlyPanel {
  table = element("table", { class: "terms" });
  note = element("p", { class: "note" });
  /** The theme that the table's head was written in. */
  headed = "";
  /** @type {string[]} Of which step each row is. */
  when = [];

  /** @param {PanelSpec} spec */
  configure(spec) {
    super.configure(spec);
    this.under.replaceChildren(this.table, this.note);
    this.tools = [this.menu()];
  }

  async draw() {
    super.draw();
    const { arrays } = this.lab;
    this.node.dataset.current = String(Boolean(arrays["evidence.step"]));
    if (this.spec.exact) await this.drawExact(arrays["evidence.terms"]);
    else await this.drawLadder();
  }

  /** The three rows: x, the mean over the held-out examples done so far, and the one in the middle by its ELBO: the
   * terms of one example add up, medians of each term would not. @param {NumberArray | undefined} terms @returns {Row[]} */
  rows(terms) {
    const { arrays } = this.lab;
    /** @type {Row[]} */
    const rows = [];
    this.when = [];
    if (terms) {
      const step = whole(arrays["evidence.step"].values[0]);
      this.when.push(`x: step ${step}`);
      rows.push({ name: "x", values: Array.from(terms.values), error: arrays["evidence.error"].values });
    }
    const survey = arrays["survey.terms"];
    if (survey) {
      const all = rowsOf(survey).map(row => Array.from(row)).filter(row => row.every(isFinite));
      const columns = [0, 1, 2, 3].map(j => all.map(row => row[j]));
      const steps = arrays["survey.steps"].values;
      const [first, last] = [Math.min(...steps), Math.max(...steps)].map(whole);
      this.when.push(`mean, median by ELBO: ${all.length} held out, ${first === last ? `step ${first}` : `steps ${first}–${last}`}`);
      /** @param {number[]} values */
      const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;
      rows.push({ name: "mean", values: columns.map(mean) }, { name: "median", values: middleBy(all, 1) });
    }
    return rows;
  }

  /** @param {NumberArray | undefined} terms of the chosen x */
  async drawExact(terms) {
    const rows = this.rows(terms);
    this.sayNothing(!rows.length);
    if (!rows.length) return;
    this.writeTable(rows);
    const { theme } = this.lab;
    const bars = rows.filter(({ name }) => name !== "median").reverse();
    const y = bars.map(({ name }) => (name === "x" ? "x" : "mean"));
    const gaps = bars.map(({ values: [, , amortised, approximated] }) => [Math.max(0, amortised), Math.max(0, approximated)]);
    const longest = Math.max(1e-3, ...gaps.map(([one, other]) => one + other));
    const stub = 0.3 * longest;
    /** @type {(name: string, colour: string, base: number[], length: number[], text: string[], pattern: string) => any} */
    const bar = (name, colour, base, length, text, pattern) => ({
      type: "bar", orientation: "h", name, y, base, x: length, text, textposition: "inside", insidetextanchor: "middle",
      constraintext: "none", cliponaxis: false, width: 0.62, textfont: { color: theme.background },
      marker: { color: colour, pattern: { shape: pattern, bgcolor: colour, fgcolor: theme.background, size: 8, solidity: 0.15 } },
      hovertemplate: `${name}: %{customdata:.4f} nats<extra></extra>`,
    });
    const zero = bars.map(() => 0);
    const traces = [
      { ...bar("ELBO", theme.elbo, bars.map(() => -stub), bars.map(() => stub), bars.map(({ values }) => decimal(values[1], 2)), ""),
        customdata: bars.map(({ values }) => values[1]) },
      { ...bar("amortisation gap", theme.kl, zero, gaps.map(([one]) => one), [], "/"), customdata: bars.map(({ values }) => values[2]) },
      { ...bar("approximation gap", theme.exact, gaps.map(([one]) => one), gaps.map(([, other]) => other), [], "."),
        customdata: bars.map(({ values }) => values[3]) },
      {
        type: "scatter", mode: "markers+text", y, x: gaps.map(([one, other]) => one + other), cliponaxis: false,
        text: bars.map(({ values }) => `  log p(x) = ${decimal(values[0], 2)}`), textposition: "middle right",
        marker: { symbol: "line-ns-open", size: Math.max(14, 0.28 * this.canvas.clientHeight), color: theme.text, line: { width: 3 } }, hoverinfo: "skip",
        error_x: { type: "data", array: bars.map(({ error }) => error?.[0] ?? 0), color: theme.text },
      },
    ];
    await this.react(traces, {
      barmode: "overlay", bargap: 0.2, hovermode: "closest",
      xaxis: { range: [-stub, 1.6 * longest + stub], zeroline: false },
      yaxis: { type: "category", range: [-0.5, 1.5], categoryarray: ["mean", "x"], showgrid: false, fixedrange: true },
    });
  }

  /** @param {Row[]} rows */
  writeTable(rows) {
    const head = ["nats", "log p(x)", "= ELBO", "+ amorti\u00adsation gap", "+ approxi\u00admation gap"];
    const marks = [null, null, "elbo", "kl", "exact"];
    if (this.headed !== JSON.stringify(this.lab.theme)) {
      this.table.replaceChildren(element("tr", {}, ...head.map((text, i) => {
        const cell = element("th", { scope: "col" }, text);
        const mark = marks[i];
        if (mark) cell.style.borderBottomColor = this.lab.theme[mark];
        return cell;
      })));
      this.headed = JSON.stringify(this.lab.theme);
    }
    while (this.table.rows.length > rows.length + 1) this.table.deleteRow(-1);
    change(this.note, `${this.when.join(" · ")} · axis: nats above the ELBO (bar cut)`);
    rows.forEach(({ name, values, error }, i) => {
      const row = this.table.rows[i + 1] ?? this.table.insertRow();
      const texts = [name, ...values.map(value => decimal(value, 3))];
      if (error) texts[1] += ` ±\u00a0${(Math.ceil(1000 * error[0]) / 1000).toFixed(3)}`;
      row.dataset.row = name;
      row.dataset.values = JSON.stringify([...values, ...Array.from(error ?? [])]);
      texts.forEach((text, j) => change(row.cells[j] ?? row.insertCell(), text));
    });
  }

  /** More than two latents: the importance-weighted bound rises towards log p(x) with the number of draws. */
  async drawLadder() {
    const { arrays, theme } = this.lab;
    const [k, bound, error] = ["k", "bound", "error"].map(name => arrays[`ladder.${name}`]?.values);
    this.sayNothing(!k);
    if (!k) return;
    this.node.dataset.ladder = JSON.stringify(Array.from(bound));
    this.table.replaceChildren();
    this.headed = "";
    const text = Array.from(bound, value => number(value, 5));
    await this.react([{
      type: "scatter", mode: "lines+markers+text", x: Array.from(k), y: Array.from(bound), text,
      // Below its point the first number would stand on the axis.
      textposition: text.map((_, i) => (i ? "bottom right" : "middle right")),
      line: { color: theme.elbo, width: 2.5 }, marker: { size: 9, color: theme.elbo }, cliponaxis: false,
      error_y: { type: "data", array: Array.from(error), color: theme.text },
      hovertemplate: "K = %{x}: %{y:.3f} nats<extra></extra>",
    }], {
      xaxis: { type: "log", title: { text: "K draws; K = 1 is the ELBO" }, tickvals: Array.from(k), range: [-0.2, 3.6] },
      yaxis: { title: { text: `L<sub>K</sub> of x / nats, step ${whole(arrays["evidence.step"].values[0])}` } },
    });
  }
}
