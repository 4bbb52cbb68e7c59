import { expect, test } from 'vitest';
import { hubCacheFolder } from './places';

test.each<[Record<string, string>, string]>([
  [{}, '/home/me/.cache/huggingface/hub'],
  [{ XDG_CACHE_HOME: '/cache' }, '/cache/huggingface/hub'],
  [{ HF_HOME: '/big', XDG_CACHE_HOME: '/cache' }, '/big/hub'],
  [{ HF_HOME: '~/hf' }, '/home/me/hf/hub'],
  [{ HUGGINGFACE_HUB_CACHE: '/old', HF_HOME: '/big' }, '/old'],
  [{ HF_HUB_CACHE: '/new', HUGGINGFACE_HUB_CACHE: '/old' }, '/new'],
  [{ HF_HUB_CACHE: '', HF_HOME: '', XDG_CACHE_HOME: '' }, '/home/me/.cache/huggingface/hub'],
])('the Hugging Face cache with %j', (env, folder) => {
  expect(hubCacheFolder(env, '/home/me')).toBe(folder);
});
