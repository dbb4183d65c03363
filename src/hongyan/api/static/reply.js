/** Texts back: what is typed on the sandbox phone goes to the app that has texted the number. */

import { post, wordsFor } from "./server.js";
import { clear, find, put } from "./words.js";

export class ReplyBox {
  #phone;
  #onReply;
  #busy = false;

  /** `phone()` is whose chat is open; `onReply` is told what the server took. */
  constructor(phone, onReply) {
    this.#phone = phone;
    this.#onReply = onReply;
    find("reply").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(find("reply-text"));
    });
  }

  /** Another chat: what was typed in the one before is not for this one. */
  clear() {
    find("reply-text").value = "";
    clear(find("reply-notice"));
  }

  async #send(field) {
    const text = field.value.trim();
    if (!text || this.#busy) return;
    const phone = this.#phone();
    this.#busy = true;
    const { ok, body } = await post("/sandbox/replies", { phone, text });
    this.#busy = false;
    if (ok) this.#onReply(body);
    if (phone !== this.#phone()) return;
    if (ok) this.clear();
    else put(find("reply-notice"), wordsFor(body), body);
  }
}
