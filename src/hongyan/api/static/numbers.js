/** Numbers and times as people read them. */

/** A number as at home: what the sandbox phone calls it, whichever way it was typed. */
export function national(phone) {
  return phone.replace(/[ -]/g, "").replace(/^(\+86|0086|86(?=1\d{10}$))/, "");
}

export function spaced(phone) {
  return phone.replace(/^(\d{3})(\d{4})(\d{4})$/, "$1 $2 $3");
}

export function masked(phone) {
  const shown = national(phone);
  return `${shown.slice(0, 3)}****${shown.slice(-4)}`;
}

/** A span for a countdown: 0:59, 12:00, 1:05:00. */
export function countdown(span) {
  const seconds = Math.ceil(span / 1_000);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  if (seconds >= 3_600) parts.unshift(Math.floor(seconds / 3_600));
  return parts.map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");
}

/** The digits of a code in whatever was typed or pasted: a whole text, full-width digits. */
export function digitsOf(text, length) {
  const plain = text.normalize("NFKC");
  const whole = plain.match(new RegExp(`(?<!\\d)\\d{${length}}(?!\\d)`));
  return whole ? whole[0] : plain.replace(/\D/g, "").slice(0, length);
}
