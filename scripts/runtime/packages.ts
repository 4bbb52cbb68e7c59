/** Libraries that Chromium loads and a bare Debian lacks. */
export const WINDOW_PACKAGES = [
  'libnss3',
  'libgtk-3-0',
  'libasound2',
  'libgbm1',
  'libx11-xcb1',
  'libxss1',
  'libxtst6',
] as const;
