/**
 * Every text of the window, a file a page. The sentences of errors, reasons and notices are in
 * resources/messages.en.json, because Python shows them too.
 */
import { app, devices, engine, errors, shortcuts } from './en/app';
import { commands } from './en/commands';
import { compare } from './en/compare';
import { create, plan, stage } from './en/create';
import { exportCopy } from './en/export';
import { library } from './en/library';
import { install, machine } from './en/machine';
import { models, modelSettings } from './en/models';
import { player } from './en/player';
import { presets, prompts, variations } from './en/prompts';
import { progress, queue } from './en/progress';
import { results } from './en/results';
import { settings, updates } from './en/settings';

export const copy = {
  app,
  shortcuts,
  engine,
  devices,
  errors,
  create,
  prompts,
  variations,
  presets,
  plan,
  stage,
  install,
  progress,
  queue,
  player,
  results,
  compare,
  commands,
  library,
  export: exportCopy,
  models,
  modelSettings,
  machine,
  settings,
  updates,
} as const;
