// The socket of a page in its class: opens, and opens again after a loss.

/** @import { Packet } from "../types.js" */
/** @import { ClassMessage } from "./class_messages.js" */
import { pong } from "./class_messages.js";
import { decode } from "./packets.js";

const SLOWEST = 5000; // ms between two tries at most
const PINGED = 60_000; // ms in which the server pings whoever says nothing

export class Seat {
  /** @param {(packet: Packet<any>) => void} receive @param {(there: boolean) => void} connected whenever there is a connection again, or none any more */
  constructor(receive, connected) {
    this.receive = receive;
    this.connected = connected;
    this.address = "";
    this.lost = 0;
    this.heard = 0;
    /** @type {WebSocket | undefined} */
    this.socket = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {string} base where the lab's addresses begin @param {string} seat */
  open(base, seat) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const address = `${scheme}//${location.host}${base.replace(/\/$/, "")}/live/class?${new URLSearchParams({ seat })}`;
    if (address === this.address) return;
    this.close();
    this.address = address;
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    this.socket?.close();
    const socket = new WebSocket(this.address);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heard = performance.now();
    socket.onopen = () => {
      this.lost = 0;
      this.connected(true);
    };
    socket.onmessage = ({ data }) => {
      this.heard = performance.now();
      const packet = decode(data);
      if (packet.header.kind === "ping") this.send(pong());
      else this.receive(packet);
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.connected(false);
      this.timer = setTimeout(() => this.connect(), Math.min(SLOWEST, 250 * 2 ** ++this.lost));
    };
  }

  /** A connection may be cut without a word. */
  check() {
    if (this.address && performance.now() - this.heard > PINGED) this.connect();
  }

  isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** @param {ClassMessage} message @returns {boolean} whether there is a connection */
  send(message) {
    const open = this.isOpen();
    if (open) this.socket?.send(JSON.stringify(message));
    return open;
  }

  close() {
    clearTimeout(this.timer);
    const { socket } = this;
    this.socket = undefined;
    this.address = "";
    socket?.close();
  }
}
