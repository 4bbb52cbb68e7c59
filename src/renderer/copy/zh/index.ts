import type { Translation } from '../../../shared/message';
import type { copy as english } from '../en';
import { app, devices, engine, errors, shortcuts } from './app';
import { commands } from './commands';
import { compare } from './compare';
import { create, plan, stage } from './create';
import { exportCopy } from './export';
import { firstFrame } from './first-frame';
import { nextVideo } from './next-video';
import { library } from './library';
import { install, machine } from './machine';
import { models, modelSettings } from './models';
import { player } from './player';
import { presets, prompts, variations } from './prompts';
import { progress, queue } from './progress';
import { results } from './results';
import { rewriting, rewritingSettings } from './rewriting';
import { settings, updates } from './settings';
import { facts, libraryView, selection, tagEditor, videos } from './videos';

export const copy = {
  app,
  shortcuts,
  engine,
  devices,
  errors,
  create,
  firstFrame,
  nextVideo,
  prompts,
  variations,
  presets,
  rewriting,
  rewritingSettings,
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
  libraryView,
  videos,
  tagEditor,
  selection,
  facts,
  export: exportCopy,
  models,
  modelSettings,
  machine,
  settings,
  updates,
} as const satisfies Translation<typeof english>;
