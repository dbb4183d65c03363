/**
 * The development page: a registration page as in a mini program, and the sandbox phone beside it
 * on which the texts arrive. Both use only what any page may call.
 */

import { Handset } from "./handset.js";
import { Registration } from "./registration.js";
import { askPage } from "./server.js";
import { drawSamples, drawTestNumbers } from "./surroundings.js";
import { onLanguage, startWords } from "./words.js";

startWords();
const registration = new Registration((phone) => handset.show(phone));
const handset = new Handset(
  (text) => registration.tell(text),
  (text) => registration.offer(text),
);
drawTestNumbers((phone) => registration.fill(phone));
const page = await askPage();
const key = page.ok ? page.body.publishable_key : "pk_…";
drawSamples(key);
onLanguage(() => drawSamples(key));
