/** The registration page, as in a mini program: a number, then its code, then a member. */

import { countdown, digitsOf, masked, national } from "./numbers.js";
import { askPage, clock, post, wordsFor } from "./server.js";
import { clear, find, put, reveal } from "./words.js";

const TICK_MS = 250;

/** What is typed at each step. */
const FIELDS = { number: "phone", code: "code" };

export class Registration {
  /** How many digits a code has; the server says so before it sends one. */
  #codeLength = 0;
  #phone = "";
  #busy = false;
  /** What the server said of the verification under way; unknown parts are absent. */
  #verification = {};
  /** All verifications that this page has seen, for when the server names one again. */
  #seen = new Map();
  /** When each button opens again, by the server's clock. */
  #opensAt = { send: 0, check: 0, resend: 0 };
  /** The code whose check was not answered yet, with the Idempotency-Key to ask again by. */
  #unanswered = {};
  /** Whether its text has reached the phone, perhaps before we were told that it was sent. */
  #arrived = false;
  /** Whether the wait is for this number only, so that another one may be tried. */
  #waitsForNumber = false;

  constructor(onLook) {
    this.#listen(onLook);
    this.#tick();
    setInterval(() => this.#tick(), TICK_MS);
  }

  /** Start over, with a number to try. */
  fill(phone) {
    this.#startOver(phone);
    reveal(find("mini"));
  }

  /** A text has arrived: say so, for screens on which the phone is out of sight. */
  tell(text) {
    this.#arrived ||= text.phone === national(this.#phone);
    this.#tick();
  }

  /** Take the code of a text, if this page waits for it; whether it did. */
  offer(text) {
    if (!this.#waitsFor(text) || this.#busy) return false;
    find("code").value = text.code;
    this.#check();
    return true;
  }

  #waitsFor(text) {
    return !find("code-step").hidden && text.code !== null && national(this.#phone) === text.phone;
  }

  #listen(onLook) {
    this.#onSubmit("number-step", () => this.#send());
    this.#onSubmit("code-step", () => this.#check());
    find("phone").addEventListener("input", () => this.#numberChanged());
    find("code").addEventListener("input", () => this.#typed(find("code").value));
    find("code").addEventListener("paste", (event) => {
      // The field would cut a whole text after its first characters, before the code.
      event.preventDefault();
      this.#typed(event.clipboardData.getData("text"));
    });
    find("resend").addEventListener("click", () => this.#resend());
    find("change").addEventListener("click", () => this.#startOver(national(this.#phone)));
    find("anew").addEventListener("click", () => this.#startOver(national(this.#phone)));
    find("again").addEventListener("click", () => this.#startOver(""));
    find("look").addEventListener("click", () => onLook(national(this.#phone)));
  }

  #onSubmit(id, act) {
    find(id).addEventListener("submit", (event) => {
      event.preventDefault();
      act();
    });
  }

  #numberChanged() {
    this.#forgive("number");
    if (this.#waitsForNumber) this.#opensAt.send = 0;
    this.#tick();
  }

  #typed(text) {
    const code = digitsOf(text, this.#codeLength);
    if (find("code").value !== code) find("code").value = code;
    this.#forgive("code");
    if (code.length === this.#codeLength) this.#check();
  }

  #startOver(phone) {
    if (this.#busy) return;
    this.#verification = {};
    this.#opensAt = { ...this.#opensAt, check: 0, resend: 0 };
    this.#show("number-step");
    find("phone").value = phone;
    this.#numberChanged();
    find("phone").focus({ preventScroll: true });
  }

  // What it asks of the server.

  async #send() {
    if (this.#closed("send")) return;
    this.#phone = find("phone").value.trim();
    if (!this.#phone) return this.#refuse("number", "error.empty");
    this.#arrived = false;
    const body = { phone: this.#phone, purpose: "register", client: { device: deviceId() } };
    const answer = await this.#withKey("send", "/v1/verifications", body);
    if (answer.ok) return this.#awaitCode(answer.body, "mini.sent");
    const pending = answer.body.verification_id;
    if (pending) return this.#awaitCode(this.#resumed(pending, answer), "mini.sent.earlier");
    this.#wait("send", answer);
    this.#waitsForNumber = answer.body.scope === "phone";
    this.#refuse("number", wordsFor(answer.body), answer.body);
  }

  async #resend() {
    if (this.#closed("resend")) return;
    this.#arrived = false;
    const path = `/v1/verifications/${this.#verification.id}/resend`;
    const answer = await this.#withKey("resend", path, {});
    if (answer.ok) {
      this.#awaitCode(answer.body, "mini.sent");
      put(find("code-status"), "mini.resent");
      return;
    }
    this.#wait("resend", answer);
    const over = ["no_sends_left", "invalid_or_expired"].includes(answer.body.code);
    if (over) this.#verification.sends_left = 0;
    this.#refuse("code", wordsFor(answer.body), answer.body);
  }

  async #check() {
    if (this.#closed("check")) return;
    const code = find("code").value;
    if (code.length !== this.#codeLength) return this.#refuse("code", "error.code");
    const headers = { "Idempotency-Key": this.#keyOf(code) };
    const answer = await this.#alone("check", () =>
      post("/register/verify", { phone: this.#phone, code }, headers),
    );
    if (answer.body.code !== "network") this.#unanswered = {};
    if (answer.body.code === 0) return this.#welcome(answer.body.data);
    this.#wait("check", answer);
    this.#refuse("code", wordsFor(answer.body), answer.body);
  }

  /**
   * The Idempotency-Key for the check of a code: the same one until there is an answer, for the
   * check may have passed, and a code passes once; after that a new one, for it may be right later.
   */
  #keyOf(code) {
    if (this.#unanswered.code !== code) this.#unanswered = { code, key: crypto.randomUUID() };
    return this.#unanswered.key;
  }

  /** As anybody may: with the publishable key, and repeatable should the answer get lost. */
  #withKey(button, path, body) {
    return this.#alone(button, async () => {
      // Asked each time: by now another house may answer here, with a key and codes of its own.
      const page = await askPage();
      if (!page.ok) return page;
      this.#codeLength = page.body.code_length;
      return post(path, body, {
        Authorization: `Bearer ${page.body.publishable_key}`,
        "Idempotency-Key": crypto.randomUUID(),
      });
    });
  }

  /** One request at a time; meanwhile its button shows that it works. */
  async #alone(button, work) {
    this.#setBusy(button, true);
    try {
      return await work();
    } finally {
      this.#setBusy(button, false);
    }
  }

  #setBusy(button, busy) {
    this.#busy = busy;
    find(button).setAttribute("aria-busy", busy);
    find("phone").readOnly = find("code").readOnly = busy;
    this.#tick();
  }

  #closed(button) {
    return this.#busy || this.#opensAt[button] > clock.now();
  }

  #wait(button, { retryAt }) {
    this.#opensAt[button] = Math.max(retryAt, 0);
    this.#tick();
  }

  // What it shows.

  #show(step) {
    for (const id of ["number-step", "code-step", "done-step"]) find(id).hidden = id !== step;
  }

  #awaitCode(verification, sentence) {
    this.#verification = verification;
    this.#unanswered = {};
    this.#phone = verification.phone;
    this.#seen.set(verification.id, verification);
    this.#opensAt = { send: 0, check: 0, resend: Date.parse(verification.resend_at) };
    this.#show("code-step");
    put(find("code-label"), "mini.code", { length: this.#codeLength });
    find("code").maxLength = this.#codeLength;
    put(find("sent-to"), sentence, { phone: masked(this.#phone) });
    this.#forgive("code");
    clear(find("code-status"));
    find("code").value = "";
    find("code").focus({ preventScroll: true });
    this.#tick();
  }

  /** A verification that the server says is still under way, as far as we know it. */
  #resumed(id, answer) {
    const before = this.#seen.get(id) ?? { id, phone: this.#phone };
    return { ...before, resend_at: answer.body.retry_at };
  }

  #refuse(step, words, values) {
    put(find(`${step}-notice`), words, { length: this.#codeLength, ...values });
    const field = find(FIELDS[step]);
    field.setAttribute("aria-invalid", "true");
    field.focus({ preventScroll: true });
    // What the server refused is to be typed anew; what is only unfinished goes on.
    if (values) field.select();
  }

  #forgive(step) {
    clear(find(`${step}-notice`));
    find(FIELDS[step]).removeAttribute("aria-invalid");
  }

  #welcome(member) {
    this.#show("done-step");
    put(find("welcome"), member.new ? "mini.new" : "mini.known");
    put(find("welcome-lead"), member.new ? "mini.new.lead" : "mini.known.lead");
    find("member-phone").textContent = masked(this.#phone);
    find("member-id").textContent = member.member_id;
    find("welcome").focus({ preventScroll: true });
    reveal(find("mini"));
  }

  // What changes by itself.

  #tick() {
    for (const button of Object.keys(this.#opensAt)) this.#drawButton(button);
    this.#drawLeft();
    find("arrived").hidden = !this.#arrived;
  }

  #drawButton(button) {
    const wait = this.#opensAt[button] - clock.now();
    find(button).disabled = this.#busy || wait > 0;
    if (wait > 0) put(find(button), `mini.${button}.wait`, { time: countdown(wait) });
    else put(find(button), `mini.${button}`);
  }

  #drawLeft() {
    const { expires_at, sends_left } = this.#verification;
    const remaining = expires_at ? Date.parse(expires_at) - clock.now() : undefined;
    const expired = remaining <= 0;
    const none = expired || sends_left === 0;
    find("check").hidden = expired;
    find("resend").hidden = none;
    find("anew").hidden = !none;
    if (none) put(find("left"), expired ? "mini.expired" : "mini.left.none");
    else if (sends_left !== undefined) put(find("left"), "mini.left", { count: sends_left });
    else clear(find("left"));
    if (remaining > 0) put(find("expires"), "mini.expires", { time: countdown(remaining) });
    else clear(find("expires"));
  }
}

/**
 * What tells this browser from others behind its address, so that it is told of the verification
 * that it has begun itself, should the page be loaded anew.
 */
function deviceId() {
  try {
    const device = localStorage.getItem("device") ?? crypto.randomUUID();
    localStorage.setItem("device", device);
    return device;
  } catch {
    return ""; // A browser that keeps nothing is not told, and waits.
  }
}
