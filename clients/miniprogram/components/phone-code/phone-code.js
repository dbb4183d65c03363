/**
 * A form that verifies a phone number: number, code, proof. It holds a publishable key and nothing
 * else; what `verified` tells is worth nothing until your own back end has verified the proof.
 */

const { Client } = require("../../utils/zhenzisms.js");
const WORDS = require("./words.js");

const TICK_MS = 1000;

/** What tells that a verification is over: another code is to begin a new one. */
const ENDED = ["no_sends_left", "invalid_or_expired"];

Component({
  properties: {
    apiUrl: { type: String, value: "" },
    publishableKey: { type: String, value: "" },
    purpose: { type: String, value: "register" },
    /** "zh" or "en"; empty for the language of WeChat. */
    lang: { type: String, value: "" },
    /** As `code_length` in the house's policy. */
    codeLength: { type: Number, value: 6 },
  },

  data: {
    phone: "",
    code: "", // a string: codes begin with 0, too
    codeFocus: false,
    wait: 0,
    busy: "",
    verified: false,
    notice: "",
    problem: false,
    words: WORDS.zh,
    getLabel: "",
    codeHint: "",
  },

  observers: {
    "apiUrl, publishableKey": function () {
      this._connect();
    },
    "lang, codeLength": function () {
      this._speak();
    },
  },

  lifetimes: {
    // Observers do not run for properties that a page leaves at their defaults.
    attached() {
      this._connect();
      this._speak();
    },
    detached() {
      clearInterval(this._timer);
    },
  },

  methods: {
    /** Another number: what was sent to the one before is not its business. */
    typePhone(event) {
      this._verification = null;
      this.setData({ phone: event.detail.value.trim(), notice: "" });
      this._open(0);
    },

    typeCode(event) {
      this.setData({ code: event.detail.value.trim(), notice: "" });
    },

    getCode() {
      const { phone, busy, verified, wait } = this.data;
      if (busy || verified || wait > 0) return undefined;
      if (!phone) return this._say("error.empty");
      const asked = this._verification ? this._another() : this._start();
      return this._alone("get", asked, this._sent, this._notSent);
    },

    check() {
      const { code, codeLength, busy, verified } = this.data;
      if (busy || verified) return undefined;
      if (!this._verification) return this._say("error.getFirst");
      if (code.length !== codeLength) return this._say("error.code");
      const asked = this._client.check({ id: this._verification.id, code });
      return this._alone("check", asked, this._approved, this._refused);
    },

    _connect() {
      this._client = new Client();
      this._client.init(this.data.apiUrl, this.data.publishableKey);
    },

    _speak() {
      const words = wordsOf(this.data.lang);
      this.setData({ words, codeHint: filled(words.codeHint, { n: this.data.codeLength }) });
      this._draw();
    },

    _start() {
      const { phone, purpose } = this.data;
      return this._client.start({ phone, purpose });
    },

    _another() {
      return this._client.resend({ id: this._verification.id }).catch((error) => {
        if (ENDED.includes(error.code)) return this._start();
        throw error;
      });
    },

    /** One request at a time; meanwhile its button shows that it works. */
    _alone(button, asked, onAnswer, onError) {
      this.setData({ busy: button, notice: "", codeFocus: false });
      const free = (act) => (result) => {
        this.setData({ busy: "" });
        act.call(this, result);
      };
      return asked.then(free(onAnswer), free(onError));
    },

    _sent(verification) {
      this._await(verification, verification.resendIn);
      this._say("sent");
    },

    _notSent(error) {
      if (error.verificationId) {
        // Begun by this very phone: the code that is out can still be typed.
        this._await({ id: error.verificationId }, error.retryAfter);
        return this._say("sentEarlier");
      }
      this._open(error.retryAfter);
      return this._refused(error);
    },

    _await(verification, seconds) {
      this._verification = verification;
      this.setData({ code: "", codeFocus: true });
      this._open(seconds);
    },

    _approved({ proof }) {
      this.setData({ verified: true });
      this._open(0);
      this._say("verified");
      this.triggerEvent("verified", {
        proof,
        phone: this.data.phone,
        verificationId: this._verification.id,
      });
    },

    _refused(error) {
      this._say(`error.${error.code}`, { code: error.code });
      this.triggerEvent("failed", { code: error.code, retryAfter: error.retryAfter });
    },

    _say(name, values) {
      const { words, codeLength } = this.data;
      const sentence = words[name] || words["error.unknown"];
      this.setData({
        notice: filled(sentence, Object.assign({ n: codeLength }, values)),
        problem: name.startsWith("error."),
      });
    },

    /** A code may be got in so many seconds; by a moment, for timers stop in the background. */
    _open(seconds) {
      this._opensAt = Date.now() + seconds * 1000;
      clearInterval(this._timer);
      if (seconds > 0) this._timer = setInterval(() => this._draw(), TICK_MS);
      this._draw();
    },

    _draw() {
      const wait = Math.max(Math.ceil(((this._opensAt || 0) - Date.now()) / 1000), 0);
      if (wait === 0) clearInterval(this._timer);
      const { words } = this.data;
      const idle = this._verification ? words.again : words.get;
      this.setData({
        wait,
        getLabel: wait > 0 ? filled(words.wait, { time: countdown(wait) }) : idle,
      });
    },
  },
});

function wordsOf(lang) {
  const wanted = lang || systemLanguage();
  return wanted.toLowerCase().startsWith("zh") ? WORDS.zh : WORDS.en;
}

/** Base libraries before 2.20.1 know the older call only. */
function systemLanguage() {
  const info = wx.getAppBaseInfo ? wx.getAppBaseInfo() : wx.getSystemInfoSync();
  return info.language || "zh_CN";
}

/** `0:59`, or `23:44:46` when a limit is one of the day. */
function countdown(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const left = two(seconds % 60);
  if (minutes < 60) return `${minutes}:${left}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${left}`;
}

function filled(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
