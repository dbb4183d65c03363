/** What you fill in. All of it is public, as is all that a mini program holds: no secret here. */

module.exports = {
  /** Your house: what `hongyan dev` prints, or https://… of your own. */
  apiUrl: "http://127.0.0.1:8080",

  /** `publishable_key` of dev.json, or what `hongyan key add … --publishable` printed: pk_… */
  publishableKey: "",

  /** The cloud environment in which the cloud functions are; empty for the default one. */
  cloudEnv: "",
};
