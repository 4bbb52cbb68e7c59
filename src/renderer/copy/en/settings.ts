import { message } from './message';

export const settings = {
  title: 'Settings',
  theme: 'Theme',
  themes: { system: 'Match the system', dark: 'Dark', light: 'Light' },
  language: 'Language',
  languageHint: 'Takes effect immediately. The command line is always in English.',
  languages: { system: 'Match the system', en: 'English', 'zh-CN': '简体中文' },
  folder: 'Videos folder',
  change: 'Change',
  notify: 'Notify me when a video is ready',
  notifyHint: 'Only while Splitreel is in the background.',
  sound: 'Play a sound when a video ends',
  soundHint: 'Two notes for a finished video, one for a failed one.',
  loop: 'Loop videos',
  loopHint: 'Finished videos play again from the start.',
  about: 'About',
  version: 'Version',
  runtime: 'Runtime',
  data: 'Data folder',
  notForRelease: 'This build is for testing only. It runs on an old Electron and must not be distributed.',
  notices: 'Third-party licenses',
  noticesTitle: 'Third-party licenses',
  billOfMaterials: 'Show bill of materials',
  license: 'License: Apache 2.0',
  docs: 'Documentation',
  issues: 'Report a problem',
} as const;

export const updates = {
  title: 'Updates',
  noKey: "This build has no update key, so it can't check for new versions. Look for them where you got this build.",
  check: 'Check for updates',
  checkHint: message(
    'Asks {feed} when Splitreel starts and once a day after that. Sends nothing about you and installs nothing by itself.',
  ),
  checkNow: 'Check now',
  feed: 'Update feed',
  feedHint:
    "Leave empty to use the project's own feed. Announcements from any feed must be signed by Splitreel's developers.",
  feedPlaceholder: 'https://',
  feedProblem: 'Enter an address that starts with https://.',
  save: 'Save',
  checking: 'Checking',
  newest: 'You have the latest version.',
  available: message('Splitreel {version} is available. You have {own}.'),
  download: 'Open download page',
} as const;
