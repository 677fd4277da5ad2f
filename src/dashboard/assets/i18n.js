// English and Chinese, switched in place.

import { emit } from "./state.js";
import { EN } from "./words_en.js";
import { ZH } from "./words_zh.js";

const KEY = "takt.language";
const WORDS = { en: EN, zh: ZH };

let language = localStorage.getItem(KEY);
if (!(language in WORDS)) language = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";

export const currentLanguage = () => language;

export function setLanguage(to) {
  language = to;
  localStorage.setItem(KEY, to);
  apply();
}

/** Tells browsers and screen readers, and has everything drawn again. */
export function apply() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  emit("language");
}

/** The words for `key`, with `{name}` replaced from `values`. A missing key shows itself. */
export function t(key, values = {}) {
  const words = WORDS[language][key] ?? EN[key] ?? key;
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Are there words for this key? */
export const has = (key) => key in EN;

/** A number in the language's way. */
export function number(value, digits = 0) {
  return value.toLocaleString(document.documentElement.lang, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** A duration in so many units at most: "45 s", "3 min 20 s", "2 h 5 min"; or "45 s", "3 min", "2 h". */
export function duration(ms, units = 2) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} ${t("unit.s")}`;
  if (s < 3600) {
    const rest = s % 60;
    return `${Math.floor(s / 60)} ${t("unit.min")}` + (units > 1 && s < 600 && rest ? ` ${rest} ${t("unit.s")}` : "");
  }
  const min = Math.floor((s % 3600) / 60);
  return `${Math.floor(s / 3600)} ${t("unit.h")}` + (units > 1 && min ? ` ${min} ${t("unit.min")}` : "");
}
