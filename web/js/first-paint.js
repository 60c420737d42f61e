// Runs before the first paint, so that a returning person sees their theme and language at once
// and not the default for a moment.  Everything else waits for the modules.
(() => {
  const root = document.documentElement;
  try {
    const mode = localStorage.getItem("candor.theme-mode");
    if (mode) root.dataset.themeMode = mode;
    const language = localStorage.getItem("candor.language");
    if (language) root.lang = language;
  } catch {
    // Storage is off: the defaults are right.
  }
})();
