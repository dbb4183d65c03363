/** The sandbox phone, on which the texts arrive. */

import { spaced } from "./numbers.js";
import { ReplyBox } from "./reply.js";
import { clear, copied, find, make, moment, onLanguage, put, reveal, say } from "./words.js";

const TOAST_MS = 2_500;
/** What the phone keeps and lists; a flood of texts must not drown the page. */
const MOST_KEPT = 5_000;
const MOST_SHOWN = 200;

const successor = (key) => find("handset").querySelector(`[data-focus="${CSS.escape(key)}"]`);

/** The sandbox phone: numbers as chats, texts as they arrive. */
export class Handset {
  /** Newest first. */
  #texts = [];
  /** Texts back, as this page has sent them: the oldest first. */
  #replies = [];
  #replyBox;
  #unread = new Set();
  /** The number whose chat is open; none shows the list. */
  #open = "";
  #loaded = false;
  /** What arrives while the list is on its way, which may lack it. */
  #meanwhile;
  #toasting;
  #drawing = false;
  #scrolledTo = "";
  #onText;
  #onCode;

  constructor(onText, onCode) {
    this.#onText = onText;
    this.#onCode = onCode;
    this.#replyBox = new ReplyBox(
      () => this.#open,
      (reply) => this.#sent(reply),
    );
    find("back").addEventListener("click", () => this.#close());
    find("chat-view").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
    });
    onLanguage(() => this.#drawSoon());
    this.#drawSoon();
    this.#listen();
  }

  /** Open the chat of a number. */
  show(phone) {
    this.#open = phone;
    this.#replyBox.clear();
    this.#draw();
    reveal(find("handset"));
    find("chat-title").focus({ preventScroll: true });
  }

  // What arrives.

  #listen() {
    const events = new EventSource("/sandbox/events");
    events.addEventListener("open", () => this.#load());
    events.addEventListener("text", (event) => this.#receive(JSON.parse(event.data)));
    events.addEventListener("error", () => {
      put(find("network"), "phone.offline");
      // Mostly it calls again by itself; after an answer that was no stream it gives up.
      if (events.readyState === EventSource.CLOSED) setTimeout(() => this.#listen(), 3_000);
    });
  }

  /** Read the whole list: at first, and after a break in which texts may have been missed. */
  async #load() {
    this.#meanwhile = [];
    try {
      const { messages } = await (await fetch("/sandbox/messages")).json();
      const listed = new Set(messages.map((text) => text.id));
      const before = new Set(this.#texts.map((text) => text.id));
      const missed = messages.filter((text) => this.#loaded && !before.has(text.id));
      for (const text of missed) this.#unread.add(text.id);
      this.#texts = [...this.#meanwhile.filter((text) => !listed.has(text.id)), ...messages];
      this.#meanwhile = undefined;
      this.#loaded = true;
      put(find("network"), "phone.online");
      this.#drawSoon();
    } catch {
      // The line will break too, and be opened again.
    }
  }

  #receive(text) {
    if (this.#texts.some((one) => one.id === text.id)) return;
    this.#texts.unshift(text);
    this.#texts.length = Math.min(this.#texts.length, MOST_KEPT);
    this.#meanwhile?.unshift(text);
    this.#unread.add(text.id);
    put(find("arrivals"), "phone.arrived", { phone: spaced(text.phone), text: text.text });
    this.#onText(text);
    this.#drawSoon();
  }

  #close() {
    const phone = this.#open;
    this.#open = "";
    this.#draw();
    (successor(phone) ?? find("chats-title")).focus();
  }

  async #take(text) {
    const copying = copied(text.code);
    const filled = this.#onCode(text);
    const worked = await copying;
    if (filled) this.#toast("phone.filled", text);
    else this.#toast(worked ? "phone.copied" : "copy.failed", text);
  }

  #sent(reply) {
    this.#replies.push(reply);
    if (reply.opts_out) this.#toast("phone.reply.opted_out", { phone: spaced(reply.phone) });
    this.#drawSoon();
  }

  #toast(words, values) {
    put(find("toast"), words, values);
    clearTimeout(this.#toasting);
    this.#toasting = setTimeout(() => clear(find("toast")), TOAST_MS);
  }

  // What it shows. However many texts arrive, it draws once a frame.

  #drawSoon() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  #draw() {
    const focused = document.activeElement?.dataset.focus;
    if (this.#open) this.#drawChat();
    else this.#drawChats();
    find("chat-view").hidden = !this.#open;
    find("chats-view").hidden = Boolean(this.#open);
    // What had the focus was drawn anew; its successor takes it over.
    if (focused) successor(focused)?.focus({ preventScroll: true });
    this.#scrollToNewest();
  }

  #drawChats() {
    const newest = new Map();
    for (const text of this.#texts) if (!newest.has(text.phone)) newest.set(text.phone, text);
    const unread = this.#unreadNumbers();
    const rows = [...newest.values()].slice(0, MOST_SHOWN);
    find("chats").replaceChildren(...rows.map((text) => this.#row(text, unread.has(text.phone))));
    find("empty").hidden = rows.length > 0 || !this.#loaded;
  }

  #unreadNumbers() {
    const unread = this.#texts.filter((text) => this.#unread.has(text.id));
    return new Set(unread.map((text) => text.phone));
  }

  #row(text, unread) {
    const button = make(
      "button",
      { type: "button", class: unread ? "chat unread" : "chat", "data-focus": text.phone },
      make("span", { class: "face", "aria-hidden": "true" }, text.phone.slice(-2)),
      make("strong", {}, spaced(text.phone)),
      make("time", { datetime: text.accepted_at }, moment(text.accepted_at)),
      make("span", { class: "preview" }, text.text),
    );
    if (unread) button.append(make("span", { class: "unseen", words: "phone.unread" }));
    button.addEventListener("click", () => this.show(text.phone));
    return make("li", {}, button);
  }

  #drawChat() {
    const texts = this.#texts.filter((text) => text.phone === this.#open).slice(0, MOST_SHOWN);
    for (const text of texts) this.#unread.delete(text.id);
    const others = this.#unreadNumbers().size;
    find("others").textContent = others || "";
    if (others) put(find("others-said"), "phone.unread.count", { count: others });
    else clear(find("others-said"));
    find("chat-title").textContent = spaced(this.#open);
    find("texts").setAttribute("aria-label", say("phone.to", { phone: spaced(this.#open) }));
    const bubbles = texts.map((text) => [text.accepted_at, this.#bubble(text)]);
    for (const reply of this.#replies) {
      if (reply.phone === this.#open) bubbles.push([reply.sent_at, this.#replyBubble(reply)]);
    }
    bubbles.sort(([one], [other]) => (one < other ? -1 : 1));
    find("texts").replaceChildren(...bubbles.map(([, bubble]) => bubble));
  }

  /** Show the end of a chat when there is something new to it; else leave it where it was read. */
  #scrollToNewest() {
    const ofChat = (text) => text.phone === this.#open;
    const newest = this.#open && `${this.#texts.find(ofChat)?.id} ${this.#replies.findLast(ofChat)?.id}`;
    if (newest && newest !== this.#scrolledTo) find("texts").scrollTop = find("texts").scrollHeight;
    this.#scrolledTo = newest;
  }

  #bubble(text) {
    return make(
      "li",
      {},
      make("time", { datetime: text.accepted_at }, moment(text.accepted_at)),
      make("p", { class: "bubble" }, ...this.#partsOf(text)),
    );
  }

  #replyBubble(reply) {
    return make(
      "li",
      { class: "mine" },
      make("time", { datetime: reply.sent_at }, moment(reply.sent_at)),
      make("p", { class: "bubble" }, reply.text),
    );
  }

  /** A text as a handset shows it: the signature stands out, the code can be tapped. */
  #partsOf(text) {
    const signature = text.signature ? `【${text.signature}】` : "";
    const body = text.text.slice(signature.length);
    const parts = signature ? [make("strong", {}, signature)] : [];
    const at = text.code ? body.indexOf(text.code) : -1;
    if (at < 0) return [...parts, body];
    const after = at + text.code.length;
    // To a browser a button is a box of its own, after which a line may begin with the comma.
    const next = body.slice(after, after + 1);
    const held = make("span", { class: "held" }, this.#codeButton(text), next);
    return [...parts, body.slice(0, at), held, body.slice(after + 1)];
  }

  #codeButton(text) {
    const button = make(
      "button",
      {
        type: "button",
        class: "code",
        "data-focus": text.id,
        "aria-label": say("phone.code", { code: text.code }),
      },
      text.code,
    );
    button.addEventListener("click", () => this.#take(text));
    return button;
  }
}
