// A GIF: the pictures go to the server, which answers with the file or with one line.

/** @import { Lab } from "../lab.js" */

/** @param {Lab} lab @param {HTMLCanvasElement[]} pictures @param {number} hold ms for which one stands @param {number} last ms for which the last one does */
export async function gif(lab, pictures, hold, last) {
  const parts = [];
  for (const picture of pictures) {
    /** @type {Blob | null} */
    const file = await new Promise(done => picture.toBlob(done));
    if (!file) throw new Error("the browser wrote no picture.");
    // Each picture stands behind its length.
    parts.push(new Uint32Array([file.size]), file);
  }
  const { base, run, token } = lab.data;
  const query = new URLSearchParams({ run, token, hold: String(hold), last: String(last) });
  const address = `${base.replace(/\/$/, "")}/live/film?${query}`;
  const answer = await fetch(address, { method: "POST", body: new Blob(parts) }).catch(() => null);
  if (!answer) throw new Error("the server does not answer.");
  if (!answer.ok) throw new Error(answer.status === 413 ? "it is too large for the server." : (await answer.text()).slice(0, 200));
  return answer.blob();
}
