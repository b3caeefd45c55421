// A GIF: the pictures go to the server, which answers with the file or with one line.

/** @import { Lab } from "../lab.js" */

/** @param {Lab} lab @param {Blob[]} pictures @param {number} hold ms for which one stands @param {number} last ms for which the last one does @param {AbortSignal} signal */
export async function gif(lab, pictures, hold, last, signal) {
  // Each picture stands behind its length.
  const parts = pictures.flatMap(file => [new Uint32Array([file.size]), file]);
  const { base, run, token } = lab.data;
  const query = new URLSearchParams({ run, token, hold: String(hold), last: String(last) });
  const address = `${base.replace(/\/$/, "")}/live/film?${query}`;
  const answer = await fetch(address, { method: "POST", body: new Blob(parts), signal }).catch(() => null);
  if (!answer) throw new Error(signal.aborted ? signal.reason : "the server does not answer.");
  if (!answer.ok) throw new Error(answer.status === 413 ? "it is too large for the server." : (await answer.text()).slice(0, 200));
  return answer.blob();
}
